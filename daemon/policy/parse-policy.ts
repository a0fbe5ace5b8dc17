/** The text of `policy.yaml`. Loaded only where there is such a file. */
import { isAbsolute } from 'node:path';
import { parseDocument } from 'yaml';
import { createReader, type Reader, type Slot } from '../../shared/config-reader.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { parseDuration, parseSize, stripSlash } from '../../shared/units.ts';
import { renderProblems } from '../../shared/workflow/problems.ts';
import { openSource } from '../../shared/workflow/source.ts';
import { reportSyntax } from '../../shared/workflow/syntax.ts';
import { buildTree } from '../../shared/workflow/tree.ts';
import type { Limits } from '../../shared/api.ts';
import { noLimits, type PolicyFile } from './limits.ts';

const limitKeys = ['gpus', 'runs', 'disk', 'max_duration', 'priority', 'mount_roots', 'memory', 'pids'] as const;

/** The policy of a file's text. Fails with `policy` and all problems at once, as `file:line:col` with their lines. */
export function parsePolicy(file: string, text: string): Result<PolicyFile> {
  const source = openSource(file, text);
  const doc = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  reportSyntax(doc, source);
  const policy: PolicyFile = { defaults: noLimits, users: new Map() };
  if (source.problems.length === 0) {
    const tree = buildTree(doc, source);
    const reader = createReader(source, tree);
    const top = reader.top && { ...reader.top, name: 'the policy' };
    const keys = reader.keysOf(top, ['defaults', 'users'], 'the policy');
    policy.defaults = readLimits(reader, keys.defaults, 'defaults', noLimits);
    const names = keys.users?.node.kind === 'map' ? [...keys.users.node.entries.keys()] : [];
    // any key is a user's name; what is no map is reported by the reader
    const users = reader.keysOf(keys.users, names, 'users');
    for (const name of names) policy.users.set(name, readLimits(reader, users[name], `users ${name}`, policy.defaults));
  }
  const errors = source.problems.filter(({ severity }) => severity === 'error').toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (errors.length === 0) return ok(policy);
  const count = errors.length === 1 ? 'a problem' : `${errors.length} problems`;
  return fail('policy', `The policy has ${count}.\n\n${renderProblems(errors)}`, null);
}

function readLimits({ keysOf, scalar, list }: Reader, slot: Slot, what: string, otherwise: Limits): Limits {
  const keys = keysOf(slot, limitKeys, what);
  return {
    gpus: scalar(keys.gpus, orNever(wholeNumber(0)), otherwise.gpus),
    runs: scalar(keys.runs, orNever(wholeNumber(1)), otherwise.runs),
    disk: scalar(keys.disk, orNever(parseSize), otherwise.disk),
    maxDuration: scalar(keys.max_duration, orNever(parseDuration), otherwise.maxDuration),
    priority: scalar(keys.priority, orNever(wholeNumber(-1e6)), otherwise.priority),
    mountRoots: list(keys.mount_roots, parseRoot) ?? otherwise.mountRoots,
    memory: scalar(keys.memory, orNever(parseSize), otherwise.memory),
    pids: scalar(keys.pids, orNever(wholeNumber(1)), otherwise.pids),
  };
}

/** A user may be freed of a limit of the defaults. */
const orNever =
  <T>(parse: (text: string) => Result<T>) =>
  (text: string): Result<T | null> =>
    text === 'unlimited' ? ok(null) : parse(text);

const wholeNumber =
  (least: number) =>
  (text: string): Result<number> => {
    const number = Number(text);
    return /^-?\d+$/.test(text) && Number.isSafeInteger(number) && number >= least
      ? ok(number)
      : fail('bad_number', `this is not a whole number${least >= 0 ? ` of at least ${least}` : ''}`, 'write a number, or unlimited');
  };

/** `~` stays: it is another folder for each user. */
function parseRoot(text: string): Result<string> {
  const path = stripSlash(text);
  return isAbsolute(path) || path === '~' || path.startsWith('~/')
    ? ok(path)
    : fail('bad_path', 'this path is not absolute', 'begin it with / or ~/');
}
