import { text } from 'node:stream/consumers';
import type { ContainerInspectInfo, ExecInspectInfo } from 'dockerode';
import type { Connection } from './connection.ts';
import { EngineError, type Engine } from './engine.ts';

/** What runs in a container beside its own command. */
export function companyVerbs(connection: Connection): Pick<Engine, 'company' | 'execOutput'> {
  return {
    /** `ExecIDs` are those that run. One that was started detached (`docker exec -d`, or by us) has none of its streams open. */
    async company(name, withinMs) {
      const found = await unlessGone(connection.ask<ContainerInspectInfo>({ method: 'GET', path: `/containers/${name}/json` }, withinMs));
      if (!found?.State.Running) return null;
      const all = await Promise.all(
        // the engine says null for none
        ((found.ExecIDs as string[] | null) ?? []).map((id) =>
          unlessGone(connection.ask<ExecInspectInfo>({ method: 'GET', path: `/exec/${id}/json` }, withinMs)),
        ),
      );
      const attached = all.filter((one) => one?.Running && (one.OpenStdin || one.OpenStdout || one.OpenStderr)).length;
      return { id: found.Id, pid: found.State.Pid, attached };
    },

    /** Under a terminal, whose output comes without the headers that keep two streams apart. */
    async execOutput(name, command, withinMs) {
      const body = { Cmd: command, AttachStdout: true, Tty: true };
      const made = await unlessGone(connection.ask<{ Id: string }>({ method: 'POST', path: `/containers/${name}/exec`, body }, withinMs));
      if (made === null) return null;
      const start = { method: 'POST', path: `/exec/${made.Id}/start`, body: { Detach: false, Tty: true } } as const;
      const output = await unlessGone(connection.stream(start, AbortSignal.timeout(withinMs)).then((stream) => text(stream)));
      const { ExitCode } = await connection.ask<ExecInspectInfo>({ method: 'GET', path: `/exec/${made.Id}/json` }, withinMs);
      return ExitCode === 0 ? output : null;
    },
  };
}

/** Null: the container, or the command in it, has ended. */
const unlessGone = <T>(answer: Promise<T>): Promise<T | null> =>
  answer.catch((error: unknown) => {
    if (error instanceof EngineError && (error.kind === 'not_found' || error.kind === 'conflict')) return null;
    throw error;
  });
