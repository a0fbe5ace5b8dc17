import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createArtifacts } from '../../../daemon/artifacts/create-artifacts.ts';
import type { Artifacts } from '../../../daemon/artifacts/artifacts.ts';
import type { AsRoot } from '../../../daemon/artifacts/layout.ts';

export interface Fixture extends AsyncDisposable {
  base: string;
  dir: string;
  artifacts: Artifacts;
}

/** A store of artifacts in a folder of its own, which goes away with the test. */
export function fixture(asRoot: AsRoot = () => Promise.reject(new Error('root was not expected to be needed'))): Fixture {
  const base = mkdtempSync(join(tmpdir(), 'artifacts-'));
  const dir = join(base, 'artifacts');
  const owner = { uid: process.getuid!(), gid: process.getgid!() };
  const artifacts = createArtifacts({ dir, owner, asRoot });
  return { base, dir, artifacts, [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }) };
}

/** The result of a Promise<Result> that must be ok. */
export async function okay<T>(result: Promise<{ ok: true; value: T } | { ok: false; failure: { message: string } }>): Promise<T> {
  const done = await result;
  if (!done.ok) throw new Error(done.failure.message);
  return done.value;
}
