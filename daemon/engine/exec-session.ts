import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './connection.ts';
import { EngineError, type Engine, type ExecState } from './engine.ts';
import { Pieces } from './pieces.ts';
import { detachKeys } from './streams.ts';

/** What the engine says of an exec; `ExitCode` is null while it runs. */
interface Inspected {
  Running: boolean;
  ExitCode: number | null;
}

/** Commands that somebody talks to, beside a container's own. */
export function execVerbs(connection: Connection): Pick<Engine, 'openExec' | 'execState'> {
  const execState = async (id: string): Promise<ExecState | null> => {
    const found = await absent(connection.ask<Inspected>({ method: 'GET', path: `/exec/${id}/json` }));
    return found && { running: found.Running, exitCode: found.ExitCode };
  };

  return {
    execState,

    async openExec(name, { command, terminal, env, user, workingDir }, onCreated) {
      const body = {
        Cmd: command,
        Env: Object.entries(env).map(([variable, value]) => `${variable}=${value}`),
        Tty: terminal,
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        DetachKeys: detachKeys,
        ...(user !== undefined && { User: user }),
        ...(workingDir !== undefined && { WorkingDir: workingDir }),
      };
      const made = await absent(connection.ask<{ Id: string }>({ method: 'POST', path: `/containers/${name}/exec`, body }));
      if (made === null) return null;
      const id = made.Id;
      await onCreated?.(id);
      const socket = await absent(connection.hijack({ method: 'POST', path: `/exec/${id}/start`, body: { Detach: false, Tty: terminal } }));
      if (socket === null) return null;
      const output = new Pieces(terminal);
      // however the connection ends, that is the end of what can be seen; what became of the command, its state tells
      socket.on('error', () => output.end());
      socket.on('close', () => output.end());
      output.on('close', () => socket.destroy());
      socket.pipe(output);
      return {
        id,
        input: socket,
        output,
        async resize({ columns, rows }) {
          // ended meanwhile, or not a terminal: there is nothing to resize
          await connection.ask({ method: 'POST', path: `/exec/${id}/resize`, query: { h: rows, w: columns } }).catch(ignoreRefusal);
        },
        async exitCode(signal) {
          // its outputs end a moment before the engine knows how it ended; a command may also close them and go on
          for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
            const state = await execState(id);
            if (state === null || !state.running) return state?.exitCode ?? null;
            await delay(pause, undefined, { signal });
          }
        },
      };
    },
  };
}

/** null: there is no such container or exec, or it does not run. */
async function absent<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineError && (error.kind === 'not_found' || error.kind === 'conflict')) return null;
    throw error;
  }
}

const ignoreRefusal = (error: unknown): null => {
  if (error instanceof EngineError && error.kind !== 'unreachable') return null;
  throw error;
};
