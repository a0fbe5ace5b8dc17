import type { Attempt } from './attempt.ts';
import { specOf } from './attempt.ts';
import type { ControlParts } from './parts.ts';

/** Writes down what the attempt took of its host, if its container ever ran. Idempotent; within the transaction of the attempt's end. */
export function recordUsage(parts: Pick<ControlParts, 'store' | 'meter'>, attempt: Attempt): void {
  const { run, job } = attempt;
  const { state, progress } = job;
  const { end } = progress;
  if (!end || end.startedAt === null || !('host' in state) || !('gpus' in state) || state.host == null) return;
  const { startedAt } = end;
  const gpus = state.gpus ?? [];
  parts.store.usage.put({
    runId: run.id,
    job: job.job,
    attempt: job.attempt,
    user: run.user,
    project: run.project,
    workflow: run.workflow,
    run: run.name,
    host: state.host,
    gpus: gpus.length,
    gpuName: gpus[0] === undefined ? null : (parts.meter.gpuName(gpus[0]) ?? specOf(attempt).gpu?.name ?? null),
    cpu: specOf(attempt).cpu,
    startedAt,
    // a clock that was set back while it ran; ends that earlier versions read from a file have fractions
    finishedAt: Math.max(startedAt, Math.round(end.finishedAt)),
  });
}
