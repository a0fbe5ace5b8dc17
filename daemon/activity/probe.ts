import type { Engine } from '../engine/engine.ts';
import type { AppSpec } from '../providers/job-spec.ts';
import type { Reading } from './idle-clock.ts';
import { readJupyter } from './jupyter.ts';
import { processStats } from './processes.ts';
import { socketsAt } from './sockets.ts';
import { connectionTables } from './tables.ts';
import { busyTerminals } from './terminals.ts';

/** A dev environment that runs. */
export interface Environment {
  container: string;
  app: AppSpec['name'];
  /** the server's port, in the container and on 127.0.0.1 */
  port: { container: number; host: number };
  /** all that are published, in the container */
  ports: number[];
  token: string;
}

export type ProbeEngine = Pick<Engine, 'company' | 'execOutput' | 'stats'>;

/** How long the engine and the server may take to answer (ms). */
const patience = 5_000;

/**
 * One look at whether somebody or something works in it. Null: that cannot be said now, as the server is not up yet, or it or the engine does not answer.
 * The order matters: connections are counted before the server is asked, so that no question of ours is among them.
 */
export async function probe(engine: ProbeEngine, environment: Environment): Promise<Reading | null> {
  const { container, app, port, ports, token } = environment;
  const from = performance.now();
  const company = await engine.company(container, patience);
  if (company === null) return null;
  const tables = await connectionTables(engine, company, patience);
  if (tables === null || !socketsAt(tables, port.container).listening) return null;
  const open = ports.reduce((sum, one) => sum + socketsAt(tables, one).open, 0);
  const stats = await engine.stats(container, patience);
  if (stats === null) return null;
  const seen = app === 'code' ? { use: null, mark: '' } : await readJupyter(port.host, token, patience);
  if (seen === null) return null;
  let use = seen.use ?? useOf(open, company.attached);
  if (use === null) {
    const processes = await processStats(engine, company, patience);
    if (processes === null) return null;
    const busy = busyTerminals(processes.stats, processes.first);
    if (busy > 0) use = busy === 1 ? 'something runs in a terminal' : `something runs in ${busy} terminals`;
  }
  return { from, to: performance.now(), use, mark: seen.mark, cpuNanos: stats.cpuNanos };
}

/** In words: open connections (a page in a browser), and commands that somebody runs beside it (`dstack shell`, an editor that is attached). */
function useOf(open: number, attached: number): string | null {
  if (open > 0) return open === 1 ? 'a connection is open' : `${open} connections are open`;
  if (attached > 0) return attached === 1 ? 'a session is open in it' : `${attached} sessions are open in it`;
  return null;
}
