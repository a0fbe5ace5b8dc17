/** What is said of a run that has ended, to a command and to a webhook. */
import type { Run } from '../../shared/api.ts';
import { formatDuration } from '../../shared/units.ts';

/** The body of a webhook's POST, and what a command reads: documented in the README. */
export interface Message {
  event: 'run_ended';
  /** one line for people, the reason in it cut where it is long: `red-fox-1 (train) failed after 3m: exit code 1` */
  text: string;
  /** seconds from the start of its first container to the end of its last; null: none started */
  seconds: number | null;
  run: Omit<Run, 'urls'>;
}

/** The seconds that a run took; null: it never started. */
export function secondsOf({ startedAt, finishedAt }: Pick<Run, 'startedAt' | 'finishedAt'>): number | null {
  if (startedAt === null || finishedAt === null) return null;
  return Math.max(0, Math.round((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000));
}

export function messageOfRun({ urls: _, ...run }: Run): Message {
  const seconds = secondsOf(run);
  const what = run.workflow === null ? run.name : `${run.name} (${run.workflow})`;
  const took = seconds === null ? '' : ` after ${formatDuration(seconds)}`;
  const why = run.reason ?? (run.exitCode ? `exit code ${run.exitCode}` : null);
  return { event: 'run_ended', text: `${what} ${run.status}${took}${why === null ? '' : `: ${brief(why)}`}`, seconds, run };
}

/** What fits into a notification (characters); `reason` has all of it. */
const longest = 160;

/** One line of it, cut between two words. */
function brief(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= longest) return line;
  const cut = line.slice(0, longest);
  return `${cut.slice(0, Math.max(cut.lastIndexOf(' '), longest / 2))}…`;
}

/** The same as variables of a command: what is not known is empty. */
export function variablesOf({ text, seconds, run }: Message): Record<string, string> {
  const values = {
    DSTACK_TEXT: text,
    DSTACK_RUN: run.name,
    DSTACK_STATUS: run.status,
    DSTACK_REASON: run.reason,
    DSTACK_EXIT_CODE: run.exitCode,
    DSTACK_WORKFLOW: run.workflow,
    DSTACK_PROJECT: run.project,
    DSTACK_USER: run.user,
    DSTACK_TAGS: run.tags.join(' '),
    DSTACK_SECONDS: seconds,
  };
  // a zero byte cannot stand in a variable
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value ?? '').replaceAll('\0', '')]));
}
