import { request } from 'node:http';
import type { RunDetail, WatchView } from '../../../shared/api.ts';
import { socketPath } from '../../../shared/socket.ts';
import type { TestDaemon } from '../../support/daemon.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A bash workflow `w` of these commands. */
export const workflow = (commands: readonly string[], more = ''): string =>
  `- name: w\n  provider: bash\n  commands:\n${commands.map((line) => `    - ${JSON.stringify(line)}\n`).join('')}${more}`;

/** Submits `w` and returns its name. */
export async function startWatch(daemon: TestDaemon, cwd: string, ...more: string[]): Promise<string> {
  const { stdout, stderr, code } = await daemon.cli(['run', 'w', '--watch', '-d', ...more], { cwd });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** The whole of a run, asked for as often as one likes. */
export const detail = (daemon: TestDaemon, _cwd: string, name: string): Promise<RunDetail> =>
  ask(daemon, 'GET', `/v1/runs/${name}`) as Promise<RunDetail>;

/** The run as soon as that attempt of it is in that phase. */
export const untilAttempt = (
  daemon: TestDaemon,
  cwd: string,
  name: string,
  attempt: number,
  phase: WatchView['phase'],
): Promise<RunDetail & { watch: WatchView }> =>
  waitFor(
    async () => {
      const run = await detail(daemon, cwd, name);
      const { watch } = run;
      if (watch && watch.attempt > attempt) throw new Error(`attempt ${watch.attempt} is there already: ${JSON.stringify(run.attempts)}`);
      return watch?.attempt === attempt && watch.phase === phase ? { ...run, watch } : null;
    },
    `attempt ${attempt} of ${name} to be ${phase}`,
    { seconds: 30, every: 30 },
  );

/** What an attempt printed. */
export const printed = async (daemon: TestDaemon, cwd: string, name: string, attempt: number): Promise<string> =>
  (await daemon.cli(['logs', name, '--attempt', String(attempt)], { cwd })).stdout;

/** Somebody presses `r` or `s`. */
export const press = (daemon: TestDaemon, cwd: string, name: string, key: 'r' | 's'): Promise<{ attempt: number | null }> =>
  post(daemon, key === 'r' ? '/v1/runs/rerun' : '/v1/runs/stop-attempt', { name, projectDir: cwd }) as Promise<{ attempt: number | null }>;

const post = (daemon: TestDaemon, path: string, body: object): Promise<unknown> => ask(daemon, 'POST', path, body);

function ask(daemon: TestDaemon, method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' };
    const sent = request({ socketPath: socketPath(daemon.home), path, method, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('error', reject);
      answer.on('end', () => (answer.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(`${path}: ${text}`))));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
