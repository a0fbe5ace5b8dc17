import type { JobRecord } from '../store/records.ts';

type AttemptKey = Pick<JobRecord, 'runId' | 'job' | 'attempt'>;

/** The id of an attempt in the names of folders: `12-0-1`. */
export const attemptId = (key: AttemptKey): string => `${key.runId}-${key.job}-${key.attempt}`;

/** The name of its container, and of its workspace's volume, on the engine. It contains the installation, so that several can share an engine. */
export const containerName = (installation: string, runName: string, key: AttemptKey): string =>
  `dstack-${installation}-${runName}-${key.job}-${key.attempt}`;
