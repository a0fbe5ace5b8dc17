/**
 * What a server of Jupyter says of its kernels and terminals. Meaning (jupyter_server, services/kernels and services/api, jupyter_server_terminals):
 * - GET /api/kernels: `execution_state` is `busy` while a cell runs; `last_activity` moves with every message of a kernel's work; `connections` are the
 *   browser's open pages of it. A kernel that was started without a page may say `starting` for ever, so this is no sign of work: that it came is.
 * - GET /api/terminals: `last_activity` moves with every key typed and every byte printed, whether or not somebody looks. 404: it has no terminals.
 * - GET /api/status: `last_activity` of all these and of its API.
 * `no_track_activity`: a question of ours is no activity of its API.
 */
import { getJson, type Answer } from './get-json.ts';

export interface JupyterReading {
  use: string | null;
  mark: string;
}

/** Fails (null) when the server does not answer as Jupyter does: it is not up yet, or hangs. `port` is of 127.0.0.1. */
export async function readJupyter(port: number, token: string, withinMs: number): Promise<JupyterReading | null> {
  const ask = (path: string): Promise<Answer> => getJson({ port, path: `${path}?no_track_activity=1`, token, withinMs });
  const [kernels, terminals, status] = await Promise.all(['/api/kernels', '/api/terminals', '/api/status'].map(ask));
  const body = (answer: Answer | undefined): unknown => (answer?.status === 200 ? answer.body : undefined);
  if (terminals?.status !== 200 && terminals?.status !== 404) return null;
  return jupyterReading(body(kernels), terminals.status === 404 ? [] : body(terminals), body(status));
}

/** The same from the three answers; null: one of them is none of Jupyter's. Pure. */
export function jupyterReading(kernels: unknown, terminals: unknown, status: unknown): JupyterReading | null {
  if (!Array.isArray(kernels) || !Array.isArray(terminals) || !isRecord(status)) return null;
  const known = kernels.filter(isRecord);
  const busy = known.filter((kernel) => kernel['execution_state'] === 'busy').length;
  const pages = known.reduce((sum, { connections }) => sum + (typeof connections === 'number' ? connections : 0), 0);
  const use = busy > 0 ? (busy === 1 ? 'a kernel is busy' : `${busy} kernels are busy`) : pages > 0 ? 'a notebook is open' : null;
  const line = (of: Record<string, unknown>, ...keys: string[]): string => keys.map((key) => String(of[key])).join(' ');
  const mark = [
    line(status, 'started', 'last_activity'),
    ...known.map((kernel) => line(kernel, 'id', 'last_activity', 'execution_state')).toSorted(),
    ...terminals
      .filter(isRecord)
      .map((terminal) => line(terminal, 'name', 'last_activity'))
      .toSorted(),
  ].join('\n');
  return { use, mark };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
