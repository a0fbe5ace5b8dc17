import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ContainerInspectInfo } from 'dockerode';
import type { Connection } from './connection.ts';
import { Demux } from './demux.ts';
import { EngineError, type Engine } from './engine.ts';
import { toEngineError } from './errors.ts';

/** No keys typed into a job leave the attach: the engine wants some, so these are ones that nobody types. */
export const detachKeys = 'ctrl-^,ctrl-_,ctrl-^,ctrl-@,ctrl-^,ctrl-_';

/** What goes on for as long as a container runs. */
export function streamVerbs(connection: Connection): Pick<Engine, 'wait' | 'attach' | 'logs'> {
  const hasTerminal = async (name: string): Promise<boolean> =>
    (await connection.ask<ContainerInspectInfo>({ method: 'GET', path: `/containers/${name}/json` })).Config.Tty;

  return {
    async wait(name, signal) {
      try {
        const body = await connection.stream(
          { method: 'POST', path: `/containers/${name}/wait`, query: { condition: 'not-running' } },
          signal,
        );
        const said = await text(body);
        // an engine that stops closes the connection in good order, with nothing said
        if (said.trim() === '') throw new EngineError('unreachable', `the Docker Engine at ${connection.endpoint} closed the connection`);
        return (JSON.parse(said) as { StatusCode: number }).StatusCode;
      } catch (thrown) {
        const error = toEngineError(thrown, connection.endpoint, signal);
        if (error instanceof EngineError && error.kind === 'not_found') return null;
        throw error;
      }
    },

    async attach(name) {
      const query = { stream: true, stdin: true, stdout: true, stderr: true, detachKeys };
      const [socket, terminal] = await Promise.all([
        connection.hijack({ method: 'POST', path: `/containers/${name}/attach`, query }),
        hasTerminal(name),
      ]);
      const output = terminal ? new PassThrough() : new Demux();
      // however the connection ends, that is the end of what can be seen; whether the container ended too, its inspection tells
      socket.on('error', () => output.end());
      socket.on('close', () => output.end());
      socket.pipe(output);
      return {
        output,
        write: (data) => void (socket.writable && socket.write(data)),
        close: () => void socket.destroy(),
      };
    },

    async logs(name, follow, signal) {
      const [body, terminal] = await Promise.all([
        connection.stream({ method: 'GET', path: `/containers/${name}/logs`, query: { stdout: true, stderr: true, follow } }, signal),
        hasTerminal(name),
      ]);
      const output: Readable = terminal ? new PassThrough() : new Demux();
      body.on('error', (error) => output.destroy(toEngineError(error, connection.endpoint, signal)));
      // a reader that has gone already must not bring the process down; one that reads still sees the error
      output.on('error', () => {});
      output.on('close', () => body.destroy());
      body.pipe(output as PassThrough);
      return output;
    },
  };
}
