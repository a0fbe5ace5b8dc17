import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ArtifactFile, Run } from '../../shared/api.ts';
import { must } from '../support/command.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { waitFor } from '../support/wait-for.ts';
import { imagePython, serversImage } from './images.ts';

const dstack = join(import.meta.dirname, '../../scripts/dstack');

/** A daemon whose workflows run in the image with all the servers. */
export const serversDaemon = (config: Record<string, unknown> = {}): Promise<TestDaemon> =>
  startDaemon({ config: { images: { [imagePython]: serversImage }, default_python: imagePython, ...config } });

export interface Served {
  /** of the run */
  name: string;
  /** as `dstack run` has printed it */
  url: string;
  /** what it has printed up to now */
  printed(): string;
  /** stops the run; what `dstack run` ends with then */
  stop(): Promise<number>;
  /** ends `dstack run` where stop() has not: it would start the daemon anew */
  [Symbol.asyncDispose](): Promise<void>;
}

/** `dstack run ARGS…` attached, until it has printed the URL of what the run serves, which then answers. Throws with what it has printed when it ends before that. */
export async function serve(daemon: TestDaemon, cwd: string, ...args: string[]): Promise<Served> {
  const child = spawn(dstack, ['run', ...args], { cwd, env: daemon.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let code: number | null = null;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const closed = once(child, 'close').then(([status]) => (code = (status as number | null) ?? 1));
  const found = () => /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(printed)?.[0] ?? (code === null ? null : 'ended');
  const url = await waitFor(found, `dstack run ${args.join(' ')} to print a URL, not only\n${printed}`, { seconds: 200 });
  if (url === 'ended') throw new Error(`dstack run ${args.join(' ')} ended with ${code}\n${printed}`);
  const name = /^[a-z]+-[a-z]+-\d+$/m.exec(printed)![0];
  return {
    name,
    url,
    printed: () => printed,
    stop: async () => {
      await daemon.cli(['stop', '-y', name], { cwd });
      await closed;
      return code!;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** The files that a run has saved: path → size in bytes. */
export async function artifactsOf(daemon: TestDaemon, cwd: string, name: string): Promise<Record<string, number>> {
  const files = await daemon.json<ArtifactFile[]>(['artifacts', 'list', name], { cwd });
  return Object.fromEntries(files.map(({ artifact, file, size }) => [join(artifact, file), size]));
}

/** A command in the container of a run. */
export async function inContainer(daemon: TestDaemon, name: string, ...command: string[]): Promise<string> {
  const docker = ['-H', daemon.engine];
  const id = (await must('docker', [...docker, 'ps', '-q', '--filter', `label=dstack.run=${name}`])).trim();
  return must('docker', [...docker, 'exec', id, ...command]);
}

/** What somebody gets who knows where it is and not the token: nothing that needs it. */
export async function expectRefusal(url: string, parameter: string, path: string): Promise<void> {
  for (const token of ['', 'wrong']) {
    const asked = new URL(path, url);
    if (token !== '') asked.searchParams.set(parameter, token);
    const { status } = await fetch(asked, { redirect: 'manual' });
    expect([302, 401, 403], `${asked.pathname}${asked.search} answers ${status}`).toContain(status);
  }
  const right = new URL(path, url);
  right.searchParams.set(parameter, new URL(url).searchParams.get(parameter)!);
  expect((await fetch(right, { redirect: 'manual' })).status).not.toBeOneOf([401, 403]);
}

/** The run as `ps` shows it. */
export async function shown(daemon: TestDaemon, cwd: string, name: string): Promise<Run> {
  const run = (await daemon.json<Run[]>(['ps', '-a'], { cwd })).find((one) => one.name === name);
  if (!run) throw new Error(`there is no run ${name}`);
  return run;
}
