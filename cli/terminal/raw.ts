import type { Output } from './output.ts';
import { TerminalModes } from './modes.ts';

export interface RawTerminal {
  /** what the program prints, on its way to the screen */
  see(chunk: Buffer): void;
  /** gives the terminal back as it was; doing it again does nothing */
  restore(): void;
}

/**
 * Hands the terminal over to a program: every key is its own, Ctrl+C and Ctrl+Z too. It is given back however this process ends, SIGKILL excepted. Needs stdin and
 * `out` to be terminals.
 */
export function rawTerminal(out: Output): RawTerminal {
  const modes = new TerminalModes();
  const { stdin } = process;
  // who stopped this process from elsewhere has set the terminal to their own liking meanwhile
  const again = (): void => {
    stdin.setRawMode(false);
    stdin.setRawMode(true);
  };
  let taken = true;
  const restore = (): void => {
    if (!taken) return;
    taken = false;
    process.off('SIGCONT', again);
    process.off('exit', restore);
    stdin.setRawMode(false);
    const undo = modes.undo();
    if (undo !== '') out.stream.write(`${undo}\x1b[0m`);
  };
  stdin.setRawMode(true);
  process.on('SIGCONT', again);
  process.on('exit', restore);
  return { see: (chunk) => modes.see(chunk), restore };
}
