import { posix } from 'node:path';
import type { AppSpec, JobSpec } from './job-spec.ts';

/** The first port inside a container where the workflow names none: every job has a network of its own, so these are free. */
export const firstPort = 10_000;

/** The ports of a job whose server has the first one: it comes before those that the workflow asks for, and is none of them. */
export function withAppPort(ports: JobSpec['ports']): JobSpec['ports'] {
  const taken = new Set(ports.map(({ container }) => container));
  let own = firstPort;
  // what a count asked for begins there too
  while (taken.has(own)) own++;
  return [{ container: own, host: null }, ...ports];
}

/** The folder that a server opens: the workflow's own, which is below what it may show. */
export const workFolder = (workingDir: string): string => posix.join('/workflow', workingDir);

/** The path of a Jupyter page, at the workflow's folder: `/lab`, `/lab/tree/src`. */
export const jupyterPath = (page: '/lab' | '/tree', workingDir: string): string =>
  workingDir === '' ? page : `${page === '/lab' ? '/lab/tree' : page}/${workingDir.split('/').map(encodeURIComponent).join('/')}`;

/** What servers of Jupyter have in common: they are told their token by a variable, so that they print it nowhere. */
export const jupyterApp = (name: 'lab' | 'notebook', path: string): AppSpec => ({
  name,
  port: 0,
  path,
  query: {},
  tokenParameter: 'token',
  tokenVariable: 'JUPYTER_TOKEN',
});
