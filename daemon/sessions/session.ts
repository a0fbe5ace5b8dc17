/**
 * One command that somebody runs in a job's container and talks to.
 *
 *   begun ─ talking ─ its process ends ─ over
 *              └─ hang up: SIGHUP ─ SIGTERM ─ SIGKILL ─┘
 *
 * The engine ends no command of its own: we signal it, by its number inside the container.
 */
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, ExecSession, Piece } from '../engine/engine.ts';
import { signalSession } from '../providers/enter-script.ts';

export type SessionSignal = 'HUP' | 'INT' | 'QUIT' | 'TERM' | 'KILL';

export interface Session {
  /** what it prints; the command waits when nobody takes it */
  output: AsyncIterable<Piece>;
  /** what it reads; not to be used after it has ended */
  input: Writable;
  resize(size: { columns: number; rows: number }): Promise<void>;
  /** to all of its processes; where the image has no shell nothing happens */
  signal(signal: SessionSignal): Promise<void>;
  /** to be asked when its output has ended; null: its container is gone, or nobody knows */
  exitCode(): Promise<number | null>;
  /**
   * Whoever talked to it is gone: ends it as a closed terminal would, and if that does not help, by force. Resolves when it has ended, or cannot be. Its output is to be
   * taken meanwhile, so that it can end, and may break off with an error
   */
  hangUp(): Promise<void>;
}

/** How long a signal is given to do its work (ms). */
const patience = { HUP: 2_000, TERM: 3_000, KILL: 3_000 };

/** Ends a session that may still run; false: it runs on. What was detached from it on purpose (nohup, a session of its own) is left alone if SIGHUP is enough. */
export async function endSession(engine: Pick<Engine, 'exec' | 'execState'>, id: string, container: string, pid: number): Promise<boolean> {
  const gone = async (within: number): Promise<boolean> => {
    const deadline = performance.now() + within;
    for (let pause = 10; ; pause = Math.min(pause * 2, 200)) {
      if (!(await engine.execState(id))?.running) return true;
      if (performance.now() > deadline) return false;
      await delay(pause);
    }
  };
  if (await gone(0)) return true;
  for (const signal of ['HUP', 'TERM', 'KILL'] as const) {
    // one that is stopped hears nothing before it goes on
    await engine.exec(container, signalSession(pid, signal === 'KILL' ? ['KILL'] : [signal, 'CONT']), '0');
    if (await gone(patience[signal])) return true;
  }
  return false;
}

/** Puts a session together. `pid` null: its processes cannot be signalled, closing its input is all that can be done. `over` is called once: `ended` false means that it may run on. */
export function createSession(
  engine: Pick<Engine, 'exec' | 'execState'>,
  { exec, container, pid, output }: { exec: ExecSession; container: string; pid: number | null; output: AsyncIterable<Piece> },
  over: (ended: boolean) => Promise<void>,
): Session {
  const ended = new AbortController();
  let hanging: Promise<void> | null = null;
  let finished = false;
  const finish = async (hasEnded: boolean): Promise<void> => {
    if (finished) return;
    finished = true;
    ended.abort();
    exec.output.destroy();
    await over(hasEnded);
  };
  const hang = async (): Promise<void> => {
    exec.input.end();
    await finish(pid === null || (await endSession(engine, exec.id, container, pid).catch(() => false)));
  };
  return {
    output,
    input: exec.input,
    resize: (size) => exec.resize(size),
    signal: async (signal) => {
      if (pid !== null && !finished) await engine.exec(container, signalSession(pid, [signal]), '0');
    },
    exitCode: async () => {
      const code = await exec.exitCode(ended.signal);
      await finish(true);
      return code;
    },
    hangUp: () => (hanging ??= finished ? Promise.resolve() : hang()),
  };
}
