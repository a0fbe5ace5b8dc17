/** The installed package, as somebody would use it. */
import { join } from 'node:path';
import { inject } from 'vitest';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

/** The versions that package.json promises. */
export const majors = ['22', '24', '26'] as const;
export type Major = (typeof majors)[number];

export const dstack = (prefix = inject('prefix')): string => join(prefix, 'bin/dstack');

/** The PATH with that version of Node.js in front. */
export const pathWith = (major: Major): string => `${inject('nodes')[major]}:${process.env['PATH']}`;

interface Options {
  /** an installation; default: that of the run */
  prefix?: string;
  /** a home to use again */
  home?: string;
  env?: Record<string, string>;
}

/** A home of its own, and the installed command under that version; nothing is started. */
export const installed = (major: Major, { prefix, home, env }: Options = {}): Promise<TestDaemon> =>
  startDaemon({
    start: false,
    command: dstack(prefix),
    ...(home !== undefined && { home }),
    // nothing of the caller's: no compile cache of the checkout's launcher, no other folder of units
    env: { PATH: pathWith(major), NODE_COMPILE_CACHE: '', ...env },
  });
