/** `ps RUN` of a watch: its attempts, the last of them in a line each. */
import type { AttemptInfo, RunDetail, WatchView } from '../../shared/api.ts';
import { unreachable } from '../../shared/result.ts';
import { changedText, took } from './words.ts';

/** How many are listed; `--json` has all. */
const most = 20;
/** How many names of changed files stand in a line. */
const names = 3;

/** `4 train.py changed: ended with exit code 1 after 3.2 s`; `now` in milliseconds. */
export function watchAttempts({ attempts }: Pick<RunDetail, 'attempts'>, now: number): string[] {
  const all = attempts.filter(({ job }) => job === 0);
  const before = all.length - most;
  const lines = all.slice(-most).map((one) => line(one, now));
  return before > 0 ? [`${before} before these (\`--json\` has all)`, ...lines] : lines;
}

function line(one: AttemptInfo, now: number): string {
  const { attempt, changed = [] } = one;
  const why =
    changed.length > 0 ? changedText({ changed, changes: changed.length }, names) : attempt === 1 ? 'the first' : 'no file changed';
  return `${attempt} ${why}: ${became(one, now)}`;
}

/** How it ended, or how far it is; `now` in milliseconds. */
export function became({ how = null, exitCode, reason, status, startedAt, finishedAt }: AttemptInfo, now: number): string {
  const ran = startedAt === null ? null : (finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(startedAt);
  const after = ran === null || finishedAt === null ? '' : ` after ${took(ran)}`;
  switch (how) {
    case 'itself':
      return `ended${exitCode === null ? '' : ` with exit code ${exitCode}`}${after}`;
    case 'changed':
      return `stopped for the next${after}`;
    case 'stopped':
      return `stopped${after}`;
    case 'container':
      return `${startedAt === null ? 'could not start' : `ended with its container${after}`}${reason === null ? '' : `: ${reason}`}`;
    case null:
      return `${status}${ran === null ? '' : ` for ${took(ran)}`}`;
    default:
      return unreachable(how);
  }
}

/** Who sees the changes, and what one should know of that. */
export function watchedBy({ sees, notice }: WatchView): string[] {
  const who = {
    events: 'by the daemon',
    polling: 'by the daemon, which looks again and again',
    client: 'by the command that is attached',
    nobody: 'by nobody: `dstack attach` from the project sends its changes',
  }[sees];
  return notice === null ? [who] : [who, notice];
}
