import { expect, test } from 'vitest';
import { TerminalModes } from '../../../cli/terminal/modes.ts';

const after = (...chunks: string[]): string => {
  const modes = new TerminalModes();
  for (const chunk of chunks) modes.see(Buffer.from(chunk));
  return modes.undo();
};

test.each([
  ['nothing', ['plain \x1b[31mred\x1b[0m'], ''],
  ['the other screen', ['\x1b[?1049h\x1b[22;0;0t'], '\x1b[?1049l'],
  ['one that was left again', ['\x1b[?1049h', 'text', '\x1b[?1049l'], ''],
  ['a hidden cursor', ['\x1b[?25l'], '\x1b[?25h'],
  ['several in one sequence', ['\x1b[?1000;1006h'], '\x1b[?1000l\x1b[?1006l'],
  ['a sequence cut anywhere', [...'\x1b[?2004h'], '\x1b[?2004l'],
  ['switched off though it was off', ['\x1b[?2004l'], ''],
])('what is undone: %s', (_, chunks, undo) => {
  expect(after(...chunks)).toBe(undo);
});
