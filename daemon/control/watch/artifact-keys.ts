import { createHash } from 'node:crypto';
import type { JobSpec } from '../../providers/job-spec.ts';
import { artifactKey } from '../../artifacts/artifact-key.ts';

/**
 * The jobs of a changed workflow, with the artifacts under the keys that they have had: a folder stays what it is, wherever in the list it stands. A new one has a key
 * made of its path, so that one that goes and comes again finds its folder.
 */
export const keyedArtifacts = (before: readonly JobSpec[], after: readonly JobSpec[]): JobSpec[] =>
  after.map((job, n) => {
    const old = before[n]?.artifacts ?? [];
    if (same(old, job.artifacts)) return { ...job, artifacts: old };
    const keys = new Map(old.map((artifact, i) => [artifact.path, artifactKey(artifact, i)]));
    return { ...job, artifacts: job.artifacts.map((artifact) => ({ ...artifact, key: keys.get(artifact.path) ?? keyOf(artifact.path) })) };
  });

const same = (a: JobSpec['artifacts'], b: JobSpec['artifacts']): boolean =>
  a.length === b.length && a.every(({ path }, i) => path === b[i]?.path);

const keyOf = (path: string): string => `p${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;
