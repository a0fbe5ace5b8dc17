import { isWarm } from './warm.ts';
import type { Container } from '../../engine/engine.ts';
import type { RerunRecord } from '../../store/records.ts';
import type { Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { freshLiveWatch } from './live-watch.ts';
import { planWatch, type WatchDecision } from './plan-watch.ts';
import { hearSupervisor, readWatchState } from './state.ts';

/** What the plan of a watch's container is told of its attempts. */
export interface WatchWanted {
  /** nothing is wanted yet: its place is kept, and there is no container */
  held: boolean;
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
  parts: Pick<ControlParts, 'store' | 'states' | 'config'>,
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
    take: open !== null && open.number === job.attempt && needsTaking(open, run),
    next: runs ? await next(parts, attempt, reruns, wake) : null,
    startedAt: run.spec.maxDuration === null ? null : firstStart(parts, attempt),
  };
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
  if (supervised && hears === null && decision.do === 'wait' && decision.ms === null)
    live.watch.decision = { do: 'wait', ms: lookAgainAfter };
  return live.watch.decision;
}

function firstStart(parts: Pick<ControlParts, 'store'>, { run }: Attempt): number | null {
  const starts = parts.store.jobs
    .ofRun(run.id)
    .flatMap(({ state, progress }) => ('startedAt' in state ? state.startedAt : progress.end?.startedAt) ?? []);
  return starts.length > 0 ? Math.min(...starts) : null;
}
