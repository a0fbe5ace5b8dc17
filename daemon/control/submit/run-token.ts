import { randomBytes } from 'node:crypto';
import { ok, type Result } from '../../../shared/result.ts';
import type { JobSpec } from '../../providers/job-spec.ts';
import type { SecretBox } from '../../secrets/box.ts';
import type { RunRecord } from '../../store/records.ts';

const context = (run: string): string => `token/${run}`;

/** A new token for a run whose jobs serve something that wants one (16 bytes, as 32 hex digits), sealed; null: none does. Throws a FailureError when the key is lost. */
export function newToken(box: SecretBox, run: string, jobs: readonly Pick<JobSpec, 'app'>[]): string | null {
  if (!jobs.some((job) => job.app)) return null;
  return box.seal(randomBytes(16).toString('hex'), context(run)).toString('base64');
}

/** The token of a run; null: it has none. Fails with `secrets_key`. */
export function tokenOf(box: SecretBox, { name, spec }: Pick<RunRecord, 'name' | 'spec'>): Result<string | null> {
  return spec.token ? box.open(Buffer.from(spec.token, 'base64'), context(name)) : ok(null);
}
