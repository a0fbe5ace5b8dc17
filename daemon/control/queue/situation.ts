import type { Running, Waiting } from '../../scheduler/model.ts';
import type { JobRecord, RunRecord } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { latestAttempts } from '../run-status.ts';
import { holdsPlace } from '../watch/holds-place.ts';

/** A run in the queue: what the scheduler is told of it, and the attempts that are placed when it has decided. */
export interface QueuedRun {
  name: string;
  waiting: Waiting;
  jobs: { runId: number; job: number; attempt: number }[];
}

/** What does not change of a run while it waits or runs, read once: at every decision there may be thousands. */
interface Known {
  record: Pick<RunRecord, 'name' | 'user' | 'submittedAt'>;
  priority: number;
  interruptible: boolean;
  /** ms */
  maxDuration: number | null;
  requests: Waiting['jobs'];
  /** of a watch: with its next attempt it may be another */
  mayChange: boolean;
}

/** Reads the queue and what is placed from the store, remembering what cannot change. */
export function createSituationReader(store: Store, pool: () => readonly string[]) {
  let known = new Map<number, Known>();

  const know = (runId: number): Known | null => {
    const before = known.get(runId);
    if (before && !before.mayChange) return before;
    const run = store.runs.byId(runId);
    if (!run) return null;
    const { spec, name, user, submittedAt } = run;
    return {
      record: { name, user, submittedAt },
      priority: spec.priority,
      interruptible: spec.interruptible,
      maxDuration: spec.maxDuration === null ? null : spec.maxDuration * 1000,
      mayChange: spec.watch !== undefined,
      requests: spec.jobs.map(({ cpu, memory, gpu }, job) => ({ id: String(job), cpu, memory, gpu })),
    };
  };

  return {
    /** whether anybody waits for a GPU */
    wantsGpus: (): boolean => store.jobs.queuedRuns().some((id) => know(id)?.requests.some((request) => request.gpu !== null)),
    read(now: number): { queue: QueuedRun[]; running: Running[] } {
      const seen = new Map<number, Known>();
      const keep = (runId: number): Known | null => {
        const one = seen.get(runId) ?? know(runId);
        if (one) seen.set(runId, one);
        return one;
      };
      const intents = store.runs.intended();
      const running = new Map<number, Running & { jobs: Running['jobs'][number][] }>();
      const placed = new Set<number>();
      for (const job of store.jobs.placed()) {
        placed.add(job.runId);
        const run = keep(job.runId);
        if (!run || !holdsPlace(store, job) || !('gpus' in job.state) || !('startedAt' in job.state || job.state.status === 'preparing'))
          continue;
        const one = running.get(job.runId) ?? newRunning(job, run, now);
        const request = run.requests[job.job];
        one.jobs.push({ host: job.state.host ?? '', cpu: request?.cpu ?? 0, memory: request?.memory ?? 0, gpus: job.state.gpus ?? [] });
        one.stopping ||= job.state.status === 'stopping' || intents.has(job.runId) || Boolean(job.progress.preempted);
        running.set(job.runId, one);
      }
      const queue = new Map<number, QueuedRun>();
      for (const job of store.jobs.queued()) {
        const run = keep(job.runId);
        if (!run || intents.has(job.runId) || placed.has(job.runId)) continue;
        const one = queue.get(job.runId) ?? {
          name: run.record.name,
          waiting: newWaiting(job, run, store, now, pool().length > 1),
          jobs: [],
        };
        one.jobs.push({ runId: job.runId, job: job.job, attempt: job.attempt });
        queue.set(job.runId, one);
      }
      known = seen;
      return { queue: [...queue.values()], running: [...running.values()] };
    },
  };
}

function newRunning(job: JobRecord, run: Known, now: number): Running & { jobs: Running['jobs'][number][] } {
  const startedAt = 'startedAt' in job.state ? (job.state.startedAt ?? now) : now;
  return {
    id: String(job.runId),
    run: run.record.name,
    user: run.record.user,
    interruptible: run.interruptible,
    startedAt,
    endsAt: run.maxDuration === null ? null : startedAt + run.maxDuration,
    stopping: false,
    ...(job.progress.preempted?.runId === undefined ? {} : { makesWayFor: String(job.progress.preempted.runId) }),
    jobs: [],
  };
}

function newWaiting(job: ReturnType<Store['jobs']['queued']>[number], run: Known, store: Store, now: number, elsewhere: boolean): Waiting {
  return {
    id: String(job.runId),
    run: run.record.name,
    user: run.record.user,
    priority: run.priority,
    submittedAt: run.record.submittedAt,
    interruptible: run.interruptible,
    preempted: job.state.preempted ?? false,
    notBefore: pauseEnd(job.state, now),
    maxDuration: run.maxDuration,
    jobs: run.requests,
    avoid: elsewhere && job.attempt > 1 ? hostsToAvoid(store.jobs.ofRun(job.runId)) : noHosts,
  };
}

/** The end of a retry's pause. One that began in the future was written before the clock was set back: it says nothing. */
const pauseEnd = ({ since, notBefore = null }: { since: number; notBefore?: number | null }, now: number): number | null =>
  notBefore === null || since > now ? null : notBefore;

const noHosts: ReadonlyMap<string, string> = new Map();

/** Hosts that gave an earlier attempt other GPUs than it was to have. */
function hostsToAvoid(attempts: JobRecord[]): ReadonlyMap<string, string> {
  const [latest] = latestAttempts(attempts);
  return new Map(
    attempts.flatMap(({ attempt, state, progress }) =>
      attempt !== latest?.attempt && progress.end?.problem?.code === 'gpus' && 'host' in state && state.host
        ? [[state.host, progress.end.problem.message] as const]
        : [],
    ),
  );
}
