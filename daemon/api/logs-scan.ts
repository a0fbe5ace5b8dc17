import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { LogPiece } from '../../shared/api.ts';
import { ok } from '../../shared/result.ts';
import type { PartId } from '../logs/logs.ts';
import type { RunRecord } from '../store/records.ts';
import { may } from '../users/caller.ts';
import type { ApiParts, StreamHandler } from './handler.ts';
import { inProject, moment } from './params.ts';
import { projectOf } from './project.ts';

/** Runs that are looked at together. */
const page = 50;

/**
 * All logs of a project, for who looks for something in them: the newest run first, its attempts in their order. What is looked for the caller finds in them: an expression
 * may take forever, and is not to take it here. Goes at the reader's pace.
 */
export const logsScan: StreamHandler<'logsScan'> = {
  params: z.object({ ...inProject, since: moment }),
  stream: async (api, request, _, response) => {
    const project = projectOf(api, request);
    const since = request.since === undefined ? null : Date.parse(request.since);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.flushHeaders();
    let oldest = Number.MAX_SAFE_INTEGER;
    let whole = true;
    const unreadable = (id: PartId, why: string): void => {
      api.logger.warn({ ...id, why }, 'a log could not be read');
      whole = false;
    };
    for (;;) {
      const runs = api.store.runs.ofProjectBefore(project, oldest, page);
      for (const run of runs) if (may(api.caller, 'read', run)) await sendRun(api, run, since, response, unreadable);
      oldest = runs.at(-1)?.id ?? 0;
      if (runs.length < page || response.closed) break;
    }
    // whoever searches is not to believe that this was all
    if (whole) response.end();
    else response.destroy();
    return ok(undefined);
  },
};

async function sendRun(
  { store, parts: { logs } }: ApiParts,
  run: RunRecord,
  since: number | null,
  response: ServerResponse,
  unreadable: (id: PartId, why: string) => void,
): Promise<void> {
  for (const { runId, job, attempt } of store.jobs.ofRun(run.id)) {
    const id = { runId, job, attempt };
    const ids: PartId[] = run.spec.watch === undefined ? [id] : (await logs.parts(id)).map((part) => ({ ...id, part }));
    for (const one of ids) {
      if (response.closed) return;
      await sendLog(since === null ? 0 : await logs.offsetAt(one, since), one);
    }
  }

  function sendLog(offset: number, id: PartId): Promise<void> {
    return new Promise((resolve) => {
      const end = logs.read(id, offset, false, {
        onData: (chunk) => {
          const nodes = run.spec.jobs.length;
          const piece: LogPiece = {
            ...{ run: run.name, attempt: id.part ?? id.attempt, node: id.job },
            ...(nodes > 1 && { nodes }),
            bytes: chunk.length,
          };
          response.cork();
          response.write(`${JSON.stringify(piece)}\n`);
          const taken = written(response, chunk);
          response.uncork();
          return taken;
        },
        onEnd: (problem) => {
          if (problem !== undefined) unreadable(id, problem);
          response.off('close', leave);
          resolve();
        },
      });
      const leave = (): void => {
        end();
        resolve();
      };
      response.once('close', leave);
    });
  }
}

/** Resolves when the reader has taken it, or nobody reads any more. */
function written(response: ServerResponse, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('close', settle);
      resolve();
    };
    response.once('close', settle);
    response.write(chunk, settle);
  });
}
