/** A program on a real terminal: what its user types, and what the screen shows after every cursor movement. */
import xterm from '@xterm/headless';
import { spawn } from '@lydell/node-pty';

export interface Pty extends Disposable {
  type(keys: string): void;
  /** the user makes the window another size */
  resize(columns: number, rows: number): void;
  /** the lines of the screen, blanks at their ends cut, empty ones at the end left out */
  screen(): string[];
  /** resolves when the screen satisfies the condition; rejects, with the screen, after 20 seconds */
  until(what: string, condition: (text: string) => boolean): Promise<void>;
  exit: Promise<number>;
  raw(): string;
}

export function openPty(
  program: string,
  args: string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; columns?: number; rows?: number },
): Pty {
  const { columns: cols = 80, rows = 24, cwd, env } = options;
  const terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true });
  const child = spawn(program, args, { cols, rows, cwd, env: { ...env, TERM: 'xterm-256color' } });
  let raw = '';
  const watchers = new Set<() => void>();
  child.onData((data) => {
    raw += data;
    terminal.write(data, () => {
      for (const watch of watchers) watch();
    });
  });
  const exit = new Promise<number>((resolve) => child.onExit(({ exitCode, signal }) => resolve(signal ? 128 + signal : exitCode)));
  const screen = (): string[] => {
    const buffer = terminal.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, i) => buffer.getLine(i)?.translateToString(true).trimEnd() ?? '');
    while (lines.at(-1) === '') lines.pop();
    return lines;
  };
  return {
    type: (keys) => child.write(keys),
    resize: (columns, rows) => {
      terminal.resize(columns, rows);
      child.resize(columns, rows);
    },
    screen,
    raw: () => raw,
    exit,
    until: (what, condition) =>
      new Promise((resolve, reject) => {
        const limit = setTimeout(() => finish(new Error(`no ${what} on the screen:\n${screen().join('\n')}`)), 20_000);
        const finish = (error?: Error): void => {
          clearTimeout(limit);
          watchers.delete(look);
          if (error) reject(error);
          else resolve();
        };
        const look = (): void => {
          if (condition(screen().join('\n'))) finish();
        };
        watchers.add(look);
        look();
      }),
    [Symbol.dispose]: () => {
      try {
        child.kill('SIGKILL');
      } catch {
        // it has ended
      }
    },
  };
}
