/** A way to a daemon that is cut again and again: what is on it is lost, and whoever came over it comes again. */
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { socketPath } from '../../shared/socket.ts';
import { scratchDir } from './scratch.ts';

export interface CuttingProxy extends AsyncDisposable {
  /** the DSTACK_HOME of a command line that goes this way */
  home: string;
  /** how often it was cut */
  cuts(): number;
}

/** Cuts `cuts` connections, each after so many of the daemon's bytes: as many as `after` says for the nth. */
export async function cuttingProxy(daemonHome: string, cuts: number, after: (cut: number) => number): Promise<CuttingProxy> {
  const home = join(scratchDir('p'), 'h');
  const target = socketPath(daemonHome);
  const open = new Set<Socket>();
  let done = 0;
  const server = createServer((client) => {
    const daemon = connect(target);
    let passed = 0;
    const cut = (): void => {
      client.destroy();
      daemon.destroy();
    };
    for (const socket of [client, daemon]) {
      open.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        open.delete(socket);
        cut();
      });
    }
    client.pipe(daemon);
    daemon.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      if (done < cuts && passed > after(done)) {
        done++;
        // its beginning arrives, its end does not
        client.end(chunk.subarray(0, chunk.length >> 1), cut);
        daemon.destroy();
      } else if (!client.write(chunk)) daemon.pause();
    });
    client.on('drain', () => daemon.resume());
  });
  await new Promise<void>((resolve) => server.listen(socketPath(home), resolve));
  return {
    home,
    cuts: () => done,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
