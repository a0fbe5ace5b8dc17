/** What is said of a watch, as text: of each thing several forms, the longest first, so that a terminal gets the longest that fits. Pure. */
import type { WatchView } from '../../shared/api.ts';
import { unreachable } from '../../shared/result.ts';
import { oneLine, truncate, width } from '../terminal/text.ts';
import { duration } from '../terminal/time.ts';

/** What can be typed while a watch is attached. */
export const keysShown = 'r rerun  s stop  d detach  q quit';

/** A length of time as people read one that may be short: `84 ms`, `3.2 s`, `2 min 5 s`. */
export function took(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  return duration(Math.round(ms / 1000));
}

/** The first of these that fits into `columns`, else the last of them cut; null: there is room for everything. */
export function fit(forms: readonly string[], columns: number | null): string {
  const [longest = ''] = forms;
  if (columns === null) return longest;
  return forms.find((form) => width(form) <= columns) ?? truncate(forms.at(-1) ?? '', columns);
}

/** `train.py, conf.yaml and 3 more changed`; how many names stand there is `most`. */
export function changedText({ changed, changes }: Pick<WatchView, 'changed' | 'changes'>, most: number): string {
  const named = changed.slice(0, Math.min(most, changed.length)).map(oneLine);
  const more = Math.max(changes, changed.length) - named.length;
  if (named.length === 0) return `${more} file${more === 1 ? '' : 's'} changed`;
  if (more > 0) return `${named.join(', ')} and ${more} more changed`;
  return `${named.length === 1 ? '' : `${named.slice(0, -1).join(', ')} and `}${named.at(-1)} changed`;
}

/** Why there is this attempt; null: it is the first. */
function causeText(watch: WatchView, most: number): string | null {
  switch (watch.cause) {
    case 'start':
      return null;
    case 'change':
      return changedText(watch, most);
    case 'asked':
      return 'asked for';
    case 'host':
      return 'the machine was back';
    case 'preempted':
      return 'it had made room';
    default:
      return unreachable(watch.cause);
  }
}

/** How the one before it ended: `attempt 3 was stopped after 12 s`. */
function beforeText({ before }: WatchView, short: boolean): string | null {
  if (before === null) return null;
  const after = before.ranMs === null ? '' : ` after ${took(before.ranMs)}`;
  const code = before.exitCode === null ? '' : short ? `: exit code ${before.exitCode}` : ` with exit code ${before.exitCode}`;
  switch (before.how) {
    case 'itself':
      return short ? `attempt ${before.attempt}${code}` : `attempt ${before.attempt} ended${code}${after}`;
    case 'changed':
    case 'stopped':
      return short ? `attempt ${before.attempt} was stopped` : `attempt ${before.attempt} was stopped${after}`;
    case 'container':
      return short ? `attempt ${before.attempt} was lost` : `attempt ${before.attempt} ended with its container${after}`;
    default:
      return unreachable(before.how);
  }
}

/** What stands between two attempts, without its dashes: the forms of it. */
export function attemptForms(watch: WatchView): string[] {
  const restarted = watch.restartMs === null || watch.cause === 'start' ? null : `restarted in ${took(watch.restartMs)}`;
  const fresh = watch.fresh === null ? null : `fresh container: ${oneLine(watch.fresh)}`;
  const form = (most: number, short: boolean, parts: { fresh?: boolean; before?: boolean } = {}): string =>
    [
      `attempt ${watch.attempt}`,
      causeText(watch, most),
      parts.fresh === false ? (fresh === null ? null : 'fresh container') : fresh,
      restarted,
      parts.before === false ? null : beforeText(watch, short),
    ]
      .filter((part) => part !== null)
      .join(' · ');
  const last = { fresh: false, before: false };
  return [
    form(3, false),
    form(2, false),
    form(1, false),
    form(1, true),
    form(1, true, { fresh: false }),
    form(0, true, { fresh: false }),
    form(1, true, last),
    form(0, true, last),
  ];
}

/** An attempt of which nothing more is known. */
export const attemptName = (attempt: number): string => `attempt ${attempt}`;

/** That the last attempt has ended, and what is waited for; `keys`: there is somebody whose keys are heard. */
export function endedForms(watch: WatchView, keys: boolean): string[] {
  const { attempt, exitCode, startedAt, endedAt } = watch;
  const ran = startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt);
  const long = `attempt ${attempt} ended${exitCode === null ? '' : ` with exit code ${exitCode}`}${ran === null ? '' : ` after ${took(ran)}`}`;
  const short = `attempt ${attempt}${exitCode === null ? ' ended' : `: exit code ${exitCode}`}${ran === null ? '' : ` after ${took(ran)}`}`;
  const wait = watch.sees === 'nobody' ? 'nobody watches the files' : 'waiting for changes';
  if (!keys) return [`${long} · ${wait}`];
  const whenEnded = keysShown.replace('s stop  ', '');
  return [
    `${long} · ${wait} · ${keysShown}`,
    `${long} · ${wait} · ${whenEnded}`,
    `${short} · ${wait} · ${whenEnded}`,
    `${short} · ${wait} · ? keys`,
    `${short} · ${wait}`,
    short,
  ];
}

/** What `?` shows. */
export const keyHelp = (name: string, attempt: number): string[] => [
  `r       run it again now, with the files as they are`,
  `s       stop attempt ${attempt}; the next change runs it again`,
  `d       detach: it goes on, and \`dstack attach ${name}\` shows it`,
  `q       quit: end the watch`,
  `Ctrl+C  asks; Ctrl+Z suspends this view`,
];
