import { posix } from 'node:path';

/** The path under which a job's artifact is listed and downloaded: the first job's as declared, those of a run's other nodes below `node-N`. */
export const nodePath = (job: number, path: string): string => (job === 0 ? path : posix.join(`node-${job}`, path));
