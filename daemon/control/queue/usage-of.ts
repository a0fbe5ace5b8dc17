import type { Usage } from '../../../shared/api.ts';
import type { Store } from '../../store/store.ts';
import type { UsageKey } from '../../store/usage.ts';
import { shownProject } from '../../users/namespace.ts';

const hour = 3_600_000;

/** What was used after `from` (ms; 0: ever), the most GPU-hours first; attempts that go on count up to `now`. Only of keys that `shows`. */
export function usageOf(
  store: Pick<Store, 'usage' | 'jobs' | 'runs'>,
  by: UsageKey,
  from: number,
  now: number,
  shows: (key: string) => boolean = () => true,
): Usage[] {
  const sums = new Map<string, Usage>();
  const add = (key: string, runs: number, gpuTime: number, time: number): void => {
    if (!shows(key)) return;
    // projects of one name are one here, whoever's they are
    const shown = shownProject(key);
    const sum = sums.get(shown) ?? { key: shown, runs: 0, gpuHours: 0, hours: 0 };
    sums.set(shown, { key: shown, runs: sum.runs + runs, gpuHours: sum.gpuHours + gpuTime / hour, hours: sum.hours + time / hour });
  };
  for (const { key, runs, gpuTime, time } of store.usage.sums(by, from)) add(key, runs, gpuTime, time);
  const seen = new Set<number>();
  for (const { runId, state, progress } of store.jobs.placed()) {
    if (!('startedAt' in state) || state.startedAt === null || !('gpus' in state)) continue;
    const run = store.runs.byId(runId);
    const time = Math.max(0, (progress.end?.finishedAt ?? now) - Math.max(from, state.startedAt));
    if (!run) continue;
    const counted = seen.has(runId) || store.usage.has(runId, from);
    seen.add(runId);
    const workflow = run.workflow === null ? run.project : `${run.project}/${run.workflow}`;
    const key = { user: run.user, project: run.project, workflow, run: run.name }[by];
    add(key, counted ? 0 : 1, (state.gpus?.length ?? 0) * time, time);
  }
  return [...sums.values()].toSorted((a, b) => b.gpuHours - a.gpuHours || b.hours - a.hours || a.key.localeCompare(b.key));
}
