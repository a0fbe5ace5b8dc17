import { styleText } from 'node:util';
import { once } from 'node:events';

type Style = Parameters<typeof styleText>[0];

/** One of the process's two outputs, with what is known about who reads it. */
export interface Output {
  stream: NodeJS.WriteStream;
  isTTY: boolean;
  /** columns of the terminal, as it is now; null: not a terminal */
  columns(): number | null;
  line(text?: string): void;
  /** coloured where the reader wants colours (a terminal; NO_COLOR, FORCE_COLOR and the like are honoured) */
  style(style: Style, text: string): string;
}

/** Wraps stdout or stderr. */
export function output(stream: NodeJS.WriteStream): Output {
  const isTTY = stream.isTTY === true;
  return {
    stream,
    isTTY,
    columns: () => (isTTY ? stream.columns || 80 : null),
    line: (text = '') => void stream.write(`${text}\n`),
    style: (style, text) => styleText(style, text, { stream }),
  };
}

/** Resolves when the reader has taken enough of what was written that more may follow. */
export async function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableNeedDrain) await once(stream, 'drain');
}
