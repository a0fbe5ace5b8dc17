/** What an attached run of another machine serves, brought to this one: each port to the same number here, or a free one, and its URL said so. */
import type { Run } from '../../shared/api.ts';
import type { Connection } from './connection.ts';

export interface Forwards {
  /** the run with URLs that open here; a port that cannot be forwarded keeps its own, and `complain` is told */
  of(run: Run): Promise<Run>;
  /** takes them all back */
  end(): Promise<void>;
}

interface Forward {
  local: number;
  /** the connection it was made on: a new one has none of them */
  generation: string | null;
}

/** Nothing is forwarded before a run says that it serves something. */
export function createForwards(connection: Connection, complain: (sentence: string) => void): Forwards {
  const known = new Map<number, Forward>();
  let work: Promise<unknown> = Promise.resolve();

  /** The port here; null: it is not to be had. Once told its number, a browser may keep it: it is the same again on a new connection. */
  const forward = async (remote: number): Promise<number | null> => {
    const { generation } = connection;
    const before = known.get(remote);
    if (before && before.generation === generation) return before.local;
    const tries = before ? [before.local, 0] : [remote, 0];
    let why = '';
    for (const wanted of tries) {
      const local = await free(wanted);
      if (local === null) continue;
      const made = await connection.forwardPort(local, remote);
      if (made.ok) {
        known.set(remote, { local, generation });
        return local;
      }
      why = made.failure.message;
    }
    complain(`Port ${remote} of ${connection.address.destination} is not forwarded: ${why || 'no port is free here'}`);
    return null;
  };

  const forwarded = async (run: Run): Promise<Run> => {
    const urls: Run['urls'] = [];
    for (const entry of run.urls) {
      const port = portOf(entry.url);
      const local = port === null ? null : await forward(port);
      urls.push(local === null ? entry : { ...entry, url: withPort(entry.url, local) });
    }
    return { ...run, urls };
  };

  return {
    of(run) {
      if (run.urls.length === 0) return Promise.resolve(run);
      const mine = work.then(() => forwarded(run));
      work = mine.catch(() => {});
      return mine;
    },
    async end() {
      await work;
      const { generation } = connection;
      for (const [remote, { local, generation: made }] of known) if (made === generation) await connection.cancelPort(local, remote);
      known.clear();
    },
  };
}

/** The port of a URL; null: it names none. */
export function portOf(url: string): number | null {
  const port = /^[a-z]+:\/\/[^/?#]*:(\d+)/i.exec(url)?.[1];
  return port === undefined ? null : Number(port);
}

const withPort = (url: string, port: number): string => url.replace(/^([a-z]+:\/\/[^/?#]*:)\d+/i, `$1${port}`);

/** The port if it is free on 127.0.0.1, any free one for 0; null: it is taken. */
function free(port: number): Promise<number | null> {
  const { createServer } = process.getBuiltinModule('node:net');
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1' }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : null));
    });
  });
}
