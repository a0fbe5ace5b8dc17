import type { Run } from '../../shared/api.ts';
import type { Status } from '../../shared/states.ts';
import type { Output } from '../terminal/output.ts';
import { table } from '../terminal/table.ts';
import { oneLine } from '../terminal/text.ts';
import { ago } from '../terminal/time.ts';

/** Colour of each status. */
export const statusStyle: Record<Status, Parameters<Output['style']>[0]> = {
  queued: 'yellow',
  preparing: 'yellow',
  running: 'cyan',
  interrupted: 'yellow',
  stopping: 'yellow',
  done: 'green',
  failed: 'red',
  stopped: 'gray',
  aborted: 'gray',
};

/** `Running`, as people read it. */
export const statusWord = (status: Status): string => status.charAt(0).toUpperCase() + status.slice(1);

/** Why it is so; of one that runs again, that it does. */
function note(run: Run): string | null {
  if (run.watch) return run.reason === null ? `attempt ${run.watch.attempt} of a watch` : oneLine(run.reason);
  const again = run.status === 'running' && run.attempt > 1 ? `attempt ${run.attempt}` : null;
  return [again, run.reason === null ? null : oneLine(run.reason)].filter((text) => text !== null).join('; ') || null;
}

/** Runs as lines; the reason of each, where there is one, below it. */
export function runTable(runs: Run[], out: Output, now: number): string[] {
  return table<Run>({
    rows: runs,
    width: out.columns(),
    titleStyle: (title) => out.style('bold', title),
    columns: [
      { title: 'RUN', value: (run) => run.name },
      { title: 'WORKFLOW', value: (run) => oneLine(run.workflow ?? run.provider), least: 10 },
      { title: 'SUBMITTED', value: (run) => ago(Date.parse(run.submittedAt), now) },
      { title: 'OWNER', value: (run) => oneLine(run.user), least: 6 },
      { title: 'STATUS', value: (run) => statusWord(run.status), style: (cell, run) => out.style(statusStyle[run.status], cell) },
      { title: 'TAG', value: (run) => oneLine(run.tags.join(', ')), least: 6 },
    ],
    note: (run) => note(run),
    noteStyle: (note) => out.style('dim', note),
    below: (run) => run.urls.map(({ name, url }) => `${out.style('dim', name)} ${oneLine(url)}`),
  });
}
