import { isEnded } from '../../shared/states.ts';
import type { JobRecord } from '../store/records.ts';
import type { Meter } from './meter.ts';

/** A word on GPUs that a job has and does not use, for `ps`; null: nothing to say. */
export function idleHint(meter: Pick<Meter, 'idleGpuSince'>, job: JobRecord, now: number): string | null {
  if (isEnded(job.state.status) || !('gpus' in job.state)) return null;
  const since = meter.idleGpuSince(job);
  if (since === null) return null;
  const minutes = Math.floor((now - since) / 60_000);
  const time = minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return job.state.gpus?.length === 1 ? `its GPU has been idle for ${time}` : `its GPUs have been idle for ${time}`;
}
