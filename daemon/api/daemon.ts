import { z } from 'zod';
import { apiVersion } from '../../shared/api.ts';
import { fail, ok } from '../../shared/result.ts';
import { flag } from './params.ts';
import type { JsonHandler } from './handler.ts';
import { dismissReaders } from './logs.ts';

export const daemonStatus: JsonHandler<'daemonStatus'> = {
  params: z.object({}),
  answer: async ({ home, version, startedAt, store, parts }) => {
    const engine = parts.monitor.state();
    return ok({
      pid: process.pid,
      version,
      apiVersion,
      home,
      installation: parts.installation,
      startedAt: new Date(startedAt).toISOString(),
      engine: {
        reachable: engine.status === 'reachable',
        endpoint: parts.engine.endpoint,
        version: engine.status === 'reachable' ? engine.info.version : null,
      },
      unfinishedRuns: store.runs.countUnfinished(),
    });
  },
};

/** Containers go on running; the next daemon takes them up. */
export const daemonStop: JsonHandler<'daemonStop'> = {
  params: z.object({ forGood: flag }),
  answer: async ({ caller, stop }, { forGood }) => {
    if (!caller.admin)
      return fail(
        'not_admin',
        'This daemon serves all users of the machine: only the administrator stops it',
        'As root: systemctl stop dstackd',
      );
    if (forGood) dismissReaders();
    setImmediate(stop);
    return ok({ stopping: true as const });
  },
};
