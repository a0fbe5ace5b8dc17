import { since } from './terminal/time.ts';
import { usageError } from './usage.ts';

/** What `--since` says, for a request; nothing where it is not given. */
export const sinceOption = (text: string | undefined): { since?: string } => (text === undefined ? {} : { since: moment('--since', text) });

/** The same of `--until`. */
export const untilOption = (text: string | undefined): { until?: string } => (text === undefined ? {} : { until: moment('--until', text) });

function moment(option: string, text: string): string {
  const at = since(text, Date.now());
  if (at === null) throw usageError(`${option} takes 30s, 10m, 2h, 1d, 1w, or a time such as 2026-11-02T14:00; not '${text}'.`, null);
  return at;
}
