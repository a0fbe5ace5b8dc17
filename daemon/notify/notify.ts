/**
 * Tells those whom the config names (`notify:`) that a run has ended. The store notes each end in the transaction that makes it (store/notices.ts), and forgets it
 * when everybody was told: somebody may be told twice, by a daemon that was killed meanwhile and by the next, and nobody never.
 *
 * Nothing here holds up a run. How often somebody was tried is known in memory only; a new daemon begins anew.
 */
import { createHash } from 'node:crypto';
import type { Run } from '../../shared/api.ts';
import type { Config, Notifier } from '../../shared/config.ts';
import { messageOf } from '../../shared/result.ts';
import { isEnded } from '../../shared/states.ts';
import type { Logger } from '../logger.ts';
import type { NoticeRecord } from '../store/notices.ts';
import type { Store } from '../store/store.ts';
import { messageOfRun, secondsOf } from './message.ts';
import type { Told } from './outcome.ts';

export interface Notify {
  /** a run may have ended, or the config may be another */
  wake(): void;
  /** of each of those named now that could not tell of the last end, a sentence why */
  problems(): string[];
  /** resolves when nobody is being told any more, or what is under way was cut off */
  finished(): Promise<void>;
}

export interface NotifyOptions {
  store: Store;
  config: Pick<Config, 'notify'>;
  logger: Logger;
  /** ends with the daemon */
  signal: AbortSignal;
  /** a run as it is now, as its owner sees it; null: it is not there */
  view(runId: number): Run | null;
  certificates(): Promise<string | null>;
  now(): number;
  /** ms that a command and a webhook may take */
  limits?: { command: number; webhook: number };
}

const usualLimits = { command: 30_000, webhook: 10_000 };
const atOnce = 4;
/** Between two tries (ms): doubled each time. */
const firstPause = 1_000;
const longestPause = 300_000;
/** Since the end of the run (ms): no more tries, beyond the one that everybody gets. */
const giveUpAfter = 3_600_000;
/** What is under way at the daemon's end may take so long (ms). */
const lastWords = 3_000;

interface Try {
  busy: boolean;
  tries: number;
  notBefore: number;
}

export function createNotify({ store, config, logger, signal, view, certificates, now, limits = usualLimits }: NotifyOptions): Notify {
  const tries = new Map<string, Try>();
  const cutOff = new AbortController();
  const underWay = new Set<Promise<void>>();
  let alarm: NodeJS.Timeout | null = null;
  let planned = false;
  /** nobody is to be told, and nothing is noted */
  let nobody = false;
  /** of each who could not be told of the last end, why */
  const problems = new Map<string, string>();

  const forget = (notice: NoticeRecord): void => {
    for (const key of tries.keys()) if (key.startsWith(`${notice.runId} `)) tries.delete(key);
    store.notices.remove(notice.runId);
  };

  /** Whom the run's end concerns, and was not told of it yet. */
  const toTell = (notice: NoticeRecord, run: Run): { notifier: Notifier; key: string; place: number }[] =>
    config.notify
      .map((notifier, i) => ({ notifier, key: keyOf(notifier), place: i + 1 }))
      .filter(({ notifier: { on, after }, key }) => {
        const { status } = run;
        return !notice.told.includes(key) && isEnded(status) && on.includes(status) && (secondsOf(run) ?? 0) >= after;
      });

  const tell = async (notifier: Notifier, run: Run): Promise<Told> => {
    const message = messageOfRun(run);
    // loaded when there is somebody to tell
    if (notifier.how === 'command')
      return (await import('./command.ts')).tellCommand(notifier.command, message, limits.command, cutOff.signal);
    const [{ tellWebhook }, ca] = await Promise.all([import('./webhook.ts'), certificates().catch(() => null)]);
    return tellWebhook(notifier.url, message, ca, limits.webhook, cutOff.signal);
  };

  const noteTold = (runId: number, key: string): void => {
    const notice = store.notices.all().find((one) => one.runId === runId);
    if (notice) store.notices.setTold(runId, [...notice.told, key]);
  };

  const attempt = async (notice: NoticeRecord, run: Run, { notifier, key, place }: ReturnType<typeof toTell>[number]): Promise<void> => {
    const id = `${notice.runId} ${key}`;
    const state = tries.get(id) ?? { busy: false, tries: 0, notBefore: 0 };
    tries.set(id, { ...state, busy: true });
    const told = await tell(notifier, run).catch((error: unknown): Told => ({ how: 'again', why: messageOf(error), pause: 0 }));
    // the next daemon tells it again
    if (cutOff.signal.aborted && told.how !== 'told') return;
    const who = `${notifier.how} ${place} of notify`;
    const tried = state.tries + 1;
    const given = told.how === 'again' && (now() - notice.endedAt < giveUpAfter || tried === 1) ? told : null;
    if (told.how === 'told') problems.delete(key);
    else {
      problems.set(key, `The end of ${run.name} was not told by ${who}: ${told.why}`);
      logger.warn({ run: run.name, who, why: told.why, tried, again: given !== null }, 'nobody could be told of the end of a run');
    }
    if (given === null) {
      noteTold(notice.runId, key);
      tries.delete(id);
      return;
    }
    const pause = Math.max(given.pause, Math.min(longestPause, firstPause * 2 ** state.tries));
    tries.set(id, { busy: false, tries: tried, notBefore: now() + pause });
  };

  const look = (): void => {
    if (signal.aborted) return;
    store.notices.note(config.notify.length > 0);
    nobody = config.notify.length === 0;
    let next = Infinity;
    for (const notice of store.notices.all()) {
      const run = view(notice.runId);
      // of several nodes another one goes on: it is noted anew when that ends
      const waiting = run === null || !isEnded(run.status) ? [] : toTell(notice, run);
      if (run === null || waiting.length === 0) {
        forget(notice);
        continue;
      }
      for (const one of waiting) {
        const state = tries.get(`${notice.runId} ${one.key}`);
        if (state?.busy || underWay.size >= atOnce) continue;
        if (state && state.notBefore > now()) {
          next = Math.min(next, state.notBefore);
          continue;
        }
        const work = attempt(notice, run, one)
          .catch((error: unknown) => logger.error({ error: messageOf(error) }, 'telling of the end of a run failed'))
          .finally(() => {
            underWay.delete(work);
            wake();
          });
        underWay.add(work);
      }
    }
    if (alarm) clearTimeout(alarm);
    alarm = next === Infinity ? null : setTimeout(wake, Math.max(10, next - now()));
  };

  /** Looks when those who wait for the run's end have been served. */
  const wake = (): void => {
    if (planned || signal.aborted || (nobody && config.notify.length === 0)) return;
    planned = true;
    setImmediate(() => {
      planned = false;
      try {
        look();
      } catch (error) {
        logger.warn({ error: messageOf(error) }, 'the ends of runs could not be looked at');
      }
    });
  };

  return {
    wake,
    problems: () => config.notify.flatMap((notifier) => problems.get(keyOf(notifier)) ?? []),
    async finished() {
      if (alarm) clearTimeout(alarm);
      const late = setTimeout(() => cutOff.abort(), lastWords);
      await Promise.all(underWay);
      clearTimeout(late);
    },
  };
}

/** The same notifier in another place of the list is the same; nobody can read the URL from it. */
const keyOf = (notifier: Notifier): string =>
  createHash('sha256')
    .update(notifier.how === 'command' ? `command ${notifier.command}` : `webhook ${notifier.url}`)
    .digest('base64url')
    .slice(0, 16);
