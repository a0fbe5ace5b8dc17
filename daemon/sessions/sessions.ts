/** The commands that people run in the containers of jobs, and talk to: `dstack exec` and `dstack shell`. */
import { fail, ok, type Result } from '../../shared/result.ts';
import type { Engine, ExecSpec } from '../engine/engine.ts';
import type { Logger } from '../logger.ts';
import { enterCommand, enterEnv, type Entering } from '../providers/enter-script.ts';
import { piecesOf, readGreeting, withoutEcho, type First } from './greeting.ts';
import { sessionNotes } from './notes.ts';
import { createSession, endSession, type Session } from './session.ts';

export interface Wish extends Entering {
  /** null: no terminal */
  size: { columns: number; rows: number } | null;
  /** the name of the terminal's kind, for TERM */
  term: string;
}

export interface Sessions {
  /**
   * Begins a command in a job's container. Fails with `not_running` (without a hint: the caller knows more) and `not_begun`; throws EngineError. `gone`: nobody waits for it
   * any more, it is given up if it has not begun
   */
  open(runId: number, container: string, wish: Wish, gone?: AbortSignal): Promise<Result<Session>>;
  /** how many a run has now */
  of(runId: number): number;
  /** ends those that an earlier daemon left, or that could not be ended while the engine was away */
  recover(): Promise<void>;
  /** ends all of them; resolves when they have ended, or cannot be */
  hangUp(): Promise<void>;
}

type SessionEngine = Pick<Engine, 'openExec' | 'execState' | 'exec'>;

/** `dir`: where the open ones are noted. */
export function createSessions({ engine, dir, logger }: { engine: SessionEngine; dir: string; logger: Logger }): Sessions {
  const notes = sessionNotes(dir);
  const open = new Map<Session, number>();
  /** the ids of those, and of those about to be */
  const ours = new Set<string>();

  const keep = (runId: number, made: Parameters<typeof createSession>[1]): Session => {
    const { id } = made.exec;
    const session = createSession(engine, made, async (ended) => {
      open.delete(session);
      // one that runs on stays noted
      if (ended) await notes.remove(id);
      ours.delete(id);
    });
    open.set(session, runId);
    return session;
  };

  /** Where the image has no shell: the command as it is. Its processes cannot be signalled, for want of a program that does. */
  const openBare = async (runId: number, container: string, command: string[], wish: Wish): Promise<Result<Session>> => {
    const { dir: workingDir } = wish;
    const exec = await engine.openExec(container, { ...specOf(wish, command, wish.env), ...(workingDir && { workingDir }) });
    if (exec === null) return notRunning;
    if (wish.size) await exec.resize(wish.size);
    const output = exec.output as AsyncIterable<{ stderr: boolean; data: Buffer }>;
    return ok(keep(runId, { exec, container, pid: null, output }));
  };

  return {
    async open(runId, container, wish, gone) {
      const exec = await engine.openExec(container, specOf(wish, enterCommand(wish), enterEnv(wish)));
      if (exec === null) return notRunning;
      const pieces = piecesOf(exec.output);
      // with its input closed the script ends too
      const leave = (): void => void exec.output.destroy();
      gone?.addEventListener('abort', leave);
      if (gone?.aborted) leave();
      const first = await readGreeting(pieces)
        .catch((error: unknown) => (gone?.aborted ? nothing : Promise.reject(error)))
        .finally(() => gone?.removeEventListener('abort', leave));
      if (first.pid === null) {
        exec.output.destroy();
        if (gone?.aborted) return fail('not_begun', 'Nobody waits for it any more', null);
        if (wish.command !== null && /\/bin\/sh.*no such file/i.test(first.said)) return openBare(runId, container, wish.command, wish);
        return fail(
          'not_begun',
          `The engine could not begin it: ${first.said || 'it said nothing, its container may have just ended'}`,
          'What became of the run: dstack ps',
        );
      }
      const { pid, rest } = first;
      ours.add(exec.id);
      const session = keep(runId, { exec, container, pid, output: withoutEcho(rest, pieces, wish.terminal) });
      try {
        await notes.add({ id: exec.id, container, pid });
        if (wish.size) await exec.resize(wish.size);
        exec.input.write('\n');
        return ok(session);
      } catch (error) {
        await session.hangUp();
        throw error;
      }
    },
    of: (runId) => [...open.values()].filter((id) => id === runId).length,
    async recover() {
      for (const { id, container, pid } of await notes.all()) {
        if (ours.has(id)) continue;
        const ended = await endSession(engine, id, container, pid).catch(() => false);
        if (ended) await notes.remove(id);
        else logger.info({ container }, 'a session that nobody talks to could not be ended');
      }
    },
    async hangUp() {
      await Promise.all([...open.keys()].map((session) => session.hangUp()));
    },
  };
}

const nothing: First = { pid: null, said: '' };

const notRunning = fail('not_running', 'Its container does not run', 'What became of the run: dstack ps');

const specOf = ({ terminal, term }: Wish, command: string[], env: Readonly<Record<string, string>>): ExecSpec => ({
  command,
  terminal,
  env: { ...(terminal ? { TERM: term } : {}), ...env },
});
