import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import type { JobRecord, RunRecord } from '../store/records.ts';
import { latestAttempts } from '../control/run-status.ts';
import { findRun } from './find-run.ts';
import { gpuNumbers } from './gpu-numbers.ts';
import type { ApiParts, JsonHandler } from './handler.ts';
import { noSuchNode } from './no-such-node.ts';

/** What an attempt of a run has used over time; of a run with several nodes, the master's where no other is asked for. Fails with `no_such_node` and `no_such_attempt`. */
export const stats: JsonHandler<'stats'> = {
  params: z.object({
    name: z.string(),
    attempt: z.coerce.number().int().positive().optional(),
    node: z.coerce.number().int().min(0).optional(),
  }),
  answer: async (api, { name, attempt, node = 0 }) => {
    const { store } = api;
    const found = findRun(api, name, 'read');
    if (!found.ok) return found;
    const all = store.jobs.ofRun(found.value.id);
    const nodes = found.value.spec.jobs.length;
    const latest = latestAttempts(all).find((one) => one.job === node);
    if (!latest) return noSuchNode(found.value, node);
    const job = attempt === undefined ? latest : ofAttempt(api, found.value, all, node, attempt);
    if (!job) {
      const last = latest.attempt;
      return fail(
        'no_such_attempt',
        `The run '${name}' has no attempt ${attempt}`,
        last === 1 ? 'It has had one attempt' : `It has had ${last} attempts`,
      );
    }
    const gpus = 'gpus' in job.state ? (job.state.gpus ?? []) : [];
    return ok({
      run: name,
      ...(nodes > 1 ? { node, nodes } : {}),
      attempt: job.attempt,
      status: job.state.status,
      gpus,
      gpuNumbers: await gpuNumbers(api.host, gpus),
      samples: store.samples
        .ofAttempt(job)
        .map(({ at, span, cpu, memory, gpus }) => ({ at: new Date(at).toISOString(), span, cpu, memory, gpus })),
    });
  },
};

/** Of a watch the container in which that attempt ran, with others. */
function ofAttempt({ store }: ApiParts, run: RunRecord, all: readonly JobRecord[], node: number, attempt: number): JobRecord | undefined {
  if (!run.spec.watch) return all.find((one) => one.job === node && one.attempt === attempt);
  if ((store.reruns.get(run.id, attempt)?.givenAt ?? null) === null) return undefined;
  return all.findLast((one) => one.job === node && one.attempt <= attempt);
}
