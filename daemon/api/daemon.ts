import { z } from 'zod';
import { apiVersion } from '../../shared/api.ts';
import { fail, ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';

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
  params: z.object({}),
  answer: async ({ caller, stop }) => {
    if (!caller.admin)
      return fail(
        'not_admin',
        'This daemon serves all users of the machine: only the administrator stops it',
        'As root: systemctl stop dstackd',
      );
    setImmediate(stop);
    return ok({ stopping: true as const });
  },
};
