import type { Store } from '../../store/store.ts';
import type { RerunNews } from '../../store/reruns.ts';
import type { WatchState } from './state.ts';

/** Writes down what the supervisor has left of the attempt that its container was given last. Idempotent; within a transaction. Returns whether that is news. */
export function noteSeen(store: Pick<Store, 'reruns'>, runId: number, { begun, ended, ending }: WatchState): boolean {
  const given = store.reruns.given(runId);
  if (!given || given.endedAt !== null) return false;
  const { number } = given;
  const news: RerunNews = {};
  if (given.startedAt === null && begun?.attempt === number) news.startedAt = begun.at;
  // one that ended with its container is judged with that
  if (ended?.attempt === number && !ended.stopped) {
    news.endedAt = Math.max(ended.at, given.startedAt ?? news.startedAt ?? 0);
    news.exitCode = ended.exitCode;
    news.how = ending !== number ? 'itself' : given.stopAskedAt === null ? 'changed' : 'stopped';
  }
  if (Object.keys(news).length === 0) return false;
  store.reruns.note(runId, number, news);
  return true;
}
