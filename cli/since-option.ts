import { since } from './terminal/time.ts';
import { usageError } from './usage.ts';

/** What `--since` says, for a request; nothing where it is not given. */
export function sinceOption(text: string | undefined): { since?: string } {
  if (text === undefined) return {};
  const from = since(text, Date.now());
  if (from === null) throw usageError(`--since takes 30s, 10m, 2h, 1d, 1w, or a time such as 2026-11-02T14:00; not '${text}'.`);
  return { since: from };
}
