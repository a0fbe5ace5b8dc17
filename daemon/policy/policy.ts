import { readFile } from 'node:fs/promises';
import type { Limits } from '../../shared/api.ts';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';
import { fileStamp } from '../file-stamp.ts';
import { noLimits, type PolicyFile } from './limits.ts';

export interface Policy {
  /** all that holds for a user */
  of(user: string): Limits;
  /** what the scheduler needs of it */
  limits(user: string): Pick<Limits, 'gpus' | 'runs'>;
  /** the file that holds; null: there is none */
  file(): string | null;
  /** why nobody knows what holds, in one line: the file was never read, and has problems. Nothing starts meanwhile; null: it is known */
  problem(): string | null;
  /** reads the file again where it has changed. Fails with `policy`; what held before then stays */
  reload(): Promise<Result<void>>;
}

/** The policy in the first of these files that is there. Before the first `reload`, and where there is no file: no limits. */
export function createPolicy(files: readonly string[]): Policy {
  let stamp: string | null = null;
  let file: string | null = null;
  let policy: PolicyFile = { defaults: noLimits, users: new Map() };
  let problem: string | null = null;
  const of = (user: string): Limits => policy.users.get(user) ?? policy.defaults;
  return {
    of,
    limits: of,
    file: () => file,
    problem: () => problem,
    async reload() {
      const found = await firstThere(files);
      if (found.stamp === stamp) return ok(undefined);
      const read = await readPolicy(found.file);
      if (!read.ok) {
        // of what held before nobody doubts; where nothing did, no limit is not what was meant
        if (stamp === null) problem = `policy.yaml cannot be read: ${shortly(read.failure.message)}`;
        return read;
      }
      policy = read.value;
      problem = null;
      ({ stamp, file } = found);
      return ok(undefined);
    },
  };
}

/** The first problem of the file, without its lines. */
const shortly = (message: string): string =>
  message
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, 2)
    .at(-1) ?? message;

async function firstThere(files: readonly string[]): Promise<{ file: string | null; stamp: string }> {
  for (const file of files) {
    const stamp = await fileStamp(file);
    if (stamp !== null) return { file, stamp: `${file} ${stamp}` };
  }
  return { file: null, stamp: '' };
}

async function readPolicy(file: string | null): Promise<Result<PolicyFile>> {
  const none: PolicyFile = { defaults: noLimits, users: new Map() };
  if (file === null) return ok(none);
  try {
    const text = await readFile(file, 'utf8');
    if (text.trim() === '') return ok(none);
    // the parser is loaded only where there is something to parse
    const { parsePolicy } = await import('./parse-policy.ts');
    return parsePolicy(file, text);
  } catch (error) {
    return fail('policy', `Cannot read the policy ${file}: ${messageOf(error)}`, 'Its administrator mends it.');
  }
}
