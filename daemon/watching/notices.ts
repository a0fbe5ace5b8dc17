import type { Failure } from '../../shared/result.ts';
import { inSentences } from '../../shared/sentences.ts';
import type { Control } from '../control/control.ts';

/** What the users of watches are told, beside their attempts: a fault that keeps the next one away, else what one should know of how it watches. */
export interface Notices {
  /** why a change led to no attempt; null: it is mended */
  fault(runId: number, failure: Failure | null): void;
  isFaulty(runId: number): boolean;
  /** of how it watches; null: nothing */
  watching(runId: number, text: string | null): void;
  forget(runId: number): void;
}

export function createNotices(control: Pick<Control, 'watchNotice'>): Notices {
  const told = new Map<number, { fault: string | null; watching: string | null }>();
  const tell = (runId: number, news: { fault?: string | null; watching?: string | null }): void => {
    const now = { fault: null, watching: null, ...told.get(runId), ...news };
    if (now.fault === null && now.watching === null) told.delete(runId);
    else told.set(runId, now);
    control.watchNotice(runId, now.fault ?? now.watching);
  };
  return {
    fault: (runId, failure) => {
      if (failure !== null || told.get(runId)?.fault) tell(runId, { fault: failure === null ? null : inOneLine(failure) });
    },
    isFaulty: (runId) => (told.get(runId)?.fault ?? null) !== null,
    watching: (runId, text) => {
      if (text !== (told.get(runId)?.watching ?? null)) tell(runId, { watching: text });
    },
    forget: (runId) => void told.delete(runId),
  };
}

/** Of several faults of a file the first, with its line and column, and what may help; how many there are beside it. Then what comes of it. */
function inOneLine({ code, message, hint }: Failure): string {
  if (code === 'no_such_workflow') return inSentences({ message: inSentences({ message, hint }), hint: goesOn });
  if (code !== 'invalid_workflows') return message.includes('\n') ? (message.split('\n')[0] ?? '') : inSentences({ message, hint });
  const faults = message.split('\n\n');
  const [what = '', ...lines] = faults[0]?.split('\n') ?? [];
  // where the file's line is shown, it and its mark stand between
  const help = lines.length === 1 || lines.length === 3 ? `; ${lines.at(-1)}` : '';
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more: dstack check)` : '';
  return inSentences({ message: `${what}${help}${more}`, hint: goesOn });
}

const goesOn = 'What runs goes on; fix it and save.';
