/**
 * Says on a terminal what a command is waiting for, as soon as that takes more than half a second: one line, gone again before anything else is written. Elsewhere
 * nothing is said.
 */
import type { Output } from '../terminal/output.ts';
import type { StatusLine } from '../terminal/status-line.ts';

/** Milliseconds. */
const patience = 500;
const every = 250;

export interface Waiting {
  /** `text`, or what `now` says it is at (null: still `text`), while the work goes on */
  during<T>(text: string, work: () => Promise<T>, now?: () => Promise<string | null> | string | null): Promise<T>;
  /** writes something else: the line goes, and comes again */
  aside(write: () => void): void;
}

/** `quiet`: somebody else draws on the terminal now, or asks something there. */
export function createWaiting(err: Output, quiet: () => boolean): Waiting {
  // loaded where something is slow
  let status: StatusLine | null = null;
  let depth = 0;
  return {
    async during(text, work, now) {
      if (!err.isTTY || depth > 0) return work();
      depth++;
      let over = false;
      let said = text;
      let timer: NodeJS.Timeout | null = null;
      const look = async (): Promise<void> => {
        status ??= new (await import('../terminal/status-line.ts')).StatusLine(err);
        if (over) return;
        if (quiet()) status.clear();
        else status.show(said);
        said = (await Promise.resolve(now?.()).catch(() => null)) ?? text;
        if (!over) timer = setTimeout(() => void look(), every).unref();
      };
      timer = setTimeout(() => void look(), patience).unref();
      try {
        return await work();
      } finally {
        over = true;
        depth--;
        clearTimeout(timer);
        status?.clear();
      }
    },
    aside(write) {
      status?.clear();
      write();
    },
  };
}
