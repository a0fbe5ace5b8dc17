import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Submitted } from '../../shared/api.ts';
import { socketPath } from '../../shared/socket.ts';
import { versionHeader, ownVersion } from '../../shared/version.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { scratchDir } from '../support/scratch.ts';
import type { Figure } from './measure.ts';

const inFlight = 32;

/**
 * A thousand submits over the API, 32 at a time, of runs that all have to wait; against as many transactions of a database that writes a row of
 * the same size durably: what any queue costs at least that loses nothing.
 */
export async function benchSubmit(cwd: string, count = 1_000): Promise<Figure> {
  await using daemon = await startDaemon();
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  const workflow = (name: string, command: string): string =>
    `- name: ${name}\n  provider: bash\n  commands: ['${command}']\n  resources: {cpu: ${availableParallelism()}}\n`;
  writeFileSync(join(cwd, '.dstack/workflows.yaml'), `workflows:\n${workflow('blocker', 'sleep 600')}${workflow('waits', 'true')}`);
  await daemon.cli(['run', 'blocker', '-d'], { cwd });
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const submit = (): Promise<Submitted> =>
    post(daemon, agent, { requestId: randomUUID(), projectDir: cwd, target: 'waits', overrides: {}, args: [] });
  await submit();
  let left = count;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await submit();
    }),
  );
  const ours = (performance.now() - begun) / count;
  agent.destroy();
  await daemon.cli(['stop', '-a', '-x', '-y'], { cwd, seconds: 120 });
  const theirs = durableInsert(count);
  const detail = `${(1000 / ours).toFixed(0)} a second; a durable insert alone takes ${theirs.toFixed(2)} ms`;
  return { name: 'submit over the API, one of 1,000', value: ours, target: 1000 / 300, unit: 'ms', detail };
}

function post(daemon: TestDaemon, agent: Agent, body: object): Promise<Submitted> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', [versionHeader]: ownVersion() };
    const sent = request({ socketPath: socketPath(daemon.home), agent, method: 'POST', path: '/v1/runs', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => (answer.statusCode === 200 ? resolve(JSON.parse(text) as Submitted) : reject(new Error(text))));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

/** ms for one of `count` durable transactions of one row (2 kB, as a run has). */
function durableInsert(count: number): number {
  const db = new Database(join(scratchDir('b'), 'peer.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) STRICT');
  const insert = db.prepare('INSERT INTO rows (text) VALUES (?)');
  const text = 'x'.repeat(2000);
  const begun = performance.now();
  for (let i = 0; i < count; i++) insert.run(text);
  const took = (performance.now() - begun) / count;
  db.close();
  return took;
}
