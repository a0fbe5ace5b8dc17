import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { latestAttempts } from '../control/run-status.ts';
import { findRun } from './find-run.ts';
import { gpuNumbers } from './gpu-numbers.ts';
import type { JsonHandler } from './handler.ts';

/** What an attempt of a run has used over time; of a run with several jobs, the first one's. */
export const stats: JsonHandler<'stats'> = {
  params: z.object({ name: z.string(), attempt: z.coerce.number().int().positive().optional() }),
  answer: async (api, { name, attempt }) => {
    const { store } = api;
    const found = findRun(api, name, 'read');
    if (!found.ok) return found;
    const all = store.jobs.ofRun(found.value.id);
    const [latest] = latestAttempts(all);
    const job = attempt === undefined ? latest : all.find((one) => one.job === latest?.job && one.attempt === attempt);
    if (!job) {
      const last = latest?.attempt ?? 1;
      return fail('no_such_attempt', `The run '${name}' has no attempt ${attempt}`, last === 1 ? 'It has had one' : `It has had ${last}`);
    }
    const gpus = 'gpus' in job.state ? (job.state.gpus ?? []) : [];
    return ok({
      run: name,
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
