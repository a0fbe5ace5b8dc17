/** What is said of a watch, as text: of each thing several forms, the longest first, so that a terminal gets the longest that fits. Pure. */
import { posix } from 'node:path';
import type { WatchView } from '../../shared/api.ts';
import { unreachable } from '../../shared/result.ts';
import { oneLine, truncate, width } from '../terminal/text.ts';
import { duration } from '../terminal/time.ts';

/** What can be typed while a watch is attached. */
const keysShown = 'r rerun, s stop, d detach, q quit, ? keys';

/** What stands at the top of a watch, for somebody whose keys are heard. */
export const welcomeForms = (name: string): string[] =>
  [` · runs again when files change · ${keysShown}`, ' · runs again when files change · ? keys', ' · ? keys', ''].map(
    (more) => name + more,
  );

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

/** `train.py, conf.yaml and 3 more changed`; how many names stand there is `most`; `base`: of one without its folders. */
export function changedText({ changed, changes }: Pick<WatchView, 'changed' | 'changes'>, most: number | 'base'): string {
  const named = most === 'base' ? changed.slice(0, 1).map((path) => oneLine(posix.basename(path))) : changed.slice(0, most).map(oneLine);
  const more = Math.max(changes, changed.length) - named.length;
  if (named.length === 0) return `${more} file${more === 1 ? '' : 's'} changed`;
  if (more > 0) return `${named.join(', ')} and ${more} more changed`;
  return `${named.length === 1 ? '' : `${named.slice(0, -1).join(', ')} and `}${named.at(-1)} changed`;
}

/** Why there is this attempt; null: it is the first. */
function causeText(watch: WatchView, most: number | 'base'): string | null {
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

/** How the one before it ended: `attempt 3 was stopped after 12 s`; `terse`: without for how long it ran. */
function beforeText({ before }: WatchView, how: 'whole' | 'brief' | 'terse'): string | null {
  if (before === null) return null;
  const name = `attempt ${before.attempt}`;
  const after = before.ranMs === null || how === 'terse' ? '' : ` after ${took(before.ranMs)}`;
  switch (before.how) {
    case 'itself':
      if (before.exitCode === null) return `${name} ended${after}`;
      return `${name}${how === 'whole' ? ' ended with' : ':'} exit code ${before.exitCode}${after}`;
    case 'changed':
    case 'stopped':
      return `${name}${how === 'whole' ? ' was' : ''} stopped${after}`;
    case 'container':
      // there was none that could have begun it
      if (before.ranMs === null) return `${name} could not start`;
      return how === 'whole' ? `${name} ended with its container${after}` : `${name} was lost${after}`;
    default:
      return unreachable(before.how);
  }
}

/** What stands between two attempts, without its dashes: the forms of it. */
export function attemptForms(watch: WatchView): string[] {
  const restarted = watch.restartMs === null || watch.cause === 'start' ? null : took(watch.restartMs);
  const fresh = watch.fresh === null ? null : `fresh container: ${oneLine(watch.fresh)}`;
  /** `names`: of changed files; `why`: it has a fresh container */
  const form = (names: number | 'base', before: Parameters<typeof beforeText>[1] | 'none', why = true): string =>
    [
      `attempt ${watch.attempt}`,
      causeText(watch, names),
      fresh === null || why ? fresh : 'fresh container',
      restarted === null ? null : `${before === 'whole' ? 'restarted ' : ''}in ${restarted}`,
      before === 'none' ? null : beforeText(watch, before),
    ]
      .filter((part) => part !== null)
      .join(' · ');
  return [
    form(3, 'whole'),
    form(2, 'whole'),
    form(1, 'whole'),
    form(1, 'brief'),
    form(1, 'terse'),
    form(1, 'terse', false),
    form('base', 'terse', false),
    form(0, 'terse', false),
    form(1, 'none', false),
    form(0, 'none', false),
    [attemptName(watch.attempt), causeText(watch, 0)].filter((part) => part !== null).join(' · '),
    attemptName(watch.attempt),
  ];
}

/** An attempt of which nothing more is known. */
export const attemptName = (attempt: number): string => `attempt ${attempt}`;

/** That one was told to end, and how long it has for that. */
export function endingForms({ attempt, grace }: WatchView): string[] {
  const brief = `attempt ${attempt} is being stopped`;
  return grace === undefined ? [brief] : [`${brief}, and killed after ${took(grace * 1000)}`, brief];
}

/** That the last attempt has ended, and what is waited for; `keys`: there is somebody whose keys are heard. */
export function endedForms(watch: WatchView, keys: boolean): string[] {
  const { attempt, how, exitCode, startedAt, endedAt } = watch;
  const ran = startedAt === null || endedAt === null ? null : Date.parse(endedAt) - Date.parse(startedAt);
  const after = ran === null ? '' : ` after ${took(ran)}`;
  const stopped =
    how === 'stopped'
      ? `attempt ${attempt} was stopped${after}`
      : how === 'container'
        ? `attempt ${attempt} ${startedAt === null ? 'could not start' : 'ended with its container'}`
        : null;
  const long = stopped ?? `attempt ${attempt} ended${exitCode === null ? '' : ` with exit code ${exitCode}`}${after}`;
  const short = stopped ?? `attempt ${attempt}${exitCode === null ? ' ended' : `: exit code ${exitCode}`}${after}`;
  const wait = watch.sees === 'nobody' ? 'nobody watches the files' : 'waiting for changes';
  if (!keys) return [`${long} · ${wait}`];
  const whenEnded = keysShown.replace('s stop, ', '');
  return [
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
