import { isWarm } from './warm.ts';
import type { Container } from '../../engine/engine.ts';
import type { RerunRecord } from '../../store/records.ts';
import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { freshLiveWatch, noteTold } from './live-watch.ts';
import { planWatch, type WatchDecision } from './plan-watch.ts';
import { hearSupervisor, readWatchState } from './state.ts';

/** What the plan of a watch's container is told of its attempts. */
export interface WatchWanted {
  /** nothing is wanted yet: its place is kept, and there is no container */
  held: boolean;
  /** for how long (ms) that may go on by its idle_timeout: what nobody measures does nothing; null: for ever, or it is not held */
  heldLeft: number | null;
  /** what is wanted is another one than the run says: that comes first */
  take: boolean;
  /** what to do in the container, which runs; null: it does not */
  next: WatchDecision | null;
  /** when the first container of the run was started (ms since 1970); null: none was */
  startedAt: number | null;
}

/** Where the kernel cannot tell of a folder's changes (ms). */
const lookAgainAfter = 250;

/** null: the run is no watch. */
export async function watchWanted(
  parts: Pick<ControlParts, 'store' | 'states' | 'config' | 'now'>,
  attempt: Attempt,
  container: Container | null,
  wake: () => void,
): Promise<WatchWanted | null> {
  const { run, job } = attempt;
  if (!run.spec.watch) return null;
  const reruns = parts.store.reruns.newest(run.id, 2);
  const [newest] = reruns;
  const open = newest?.givenAt === null ? newest : null;
  const begins = reruns.find(({ number }) => number === job.attempt);
  const runs = job.state.status === 'running' && container?.state.status === 'running';
  return {
    held: begins === undefined,
    heldLeft: heldLeft(parts, attempt),
    take: open !== null && open.number === job.attempt && needsTaking(open, run),
    next: runs ? await next(parts, attempt, reruns, wake) : null,
    startedAt: run.spec.maxDuration === null ? null : firstStart(parts, attempt),
  };
}

/** For how long (ms) a watch may keep its place without a container; null: for ever, or it does not. */
export function heldLeft({ store, now }: Pick<ControlParts, 'store' | 'now'>, { run, job, live }: Attempt): number | null {
  const limit = run.spec.idleTimeout ?? null;
  if (!run.spec.watch || limit === null || job.state.status !== 'preparing' || store.reruns.get(run.id, job.attempt)) return null;
  return limit * 1000 - live.since('held', job.state.since, now());
}

/** Whether an attempt that is wanted is of other files, or of another definition, than the run has now. */
export const needsTaking = ({ spec, tree }: RerunRecord, run: Attempt['run']): boolean => spec !== null || tree !== run.spec.snapshot.tree;

async function next(
  parts: Pick<ControlParts, 'store' | 'states' | 'config'>,
  attempt: Attempt,
  reruns: readonly RerunRecord[],
  wake: () => void,
): Promise<WatchDecision> {
  const { live } = attempt;
  const folder = parts.states.pathOf(attempt.id);
  live.watch ??= freshLiveWatch();
  const supervised = isWarm(attempt);
  if (supervised) live.watch.hears ??= hearSupervisor(folder, wake);
  const state = supervised ? await readWatchState(folder) : null;
  const given = reruns.find(({ givenAt }) => givenAt !== null);
  // by an earlier daemon: it is not told twice
  if (given && state?.ending === given.number && live.watch.told.end === null && live.watch.told.kill === null)
    noteTold(live.watch, given.number, 'end');
  const { told } = live.watch;
  const since = (at: number | null): number | null => (at === null || told.attempt !== given?.number ? null : performance.now() - at);
  live.watch.decision = planWatch({
    reruns,
    state,
    told: { begin: since(told.begin), end: since(told.end), kill: since(told.kill) },
    grace: parts.config.gracePeriod * 1000,
  });
  const { decision, hears } = live.watch;
  // nobody tells: it is looked at now and then
  if (supervised && (hears === null || hears.deaf) && decision.do === 'wait')
    live.watch.decision = { do: 'wait', ms: Math.min(decision.ms ?? Infinity, lookAgainAfter) };
  return live.watch.decision;
}

function firstStart(parts: Pick<ControlParts, 'store'>, { run }: Attempt): number | null {
  const starts = parts.store.jobs
    .ofRun(run.id)
    .flatMap(({ state, progress }) => ('startedAt' in state ? state.startedAt : progress.end?.startedAt) ?? []);
  return starts.length > 0 ? Math.min(...starts) : null;
}
