/** Watches of daemons that do not look into the project themselves: another machine's over a real sshd, and one for several users, with real ones. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { startDaemon } from '../../support/daemon.ts';
import { openLab } from '../../support/lab.ts';
import { signal } from '../../support/processes.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { startSshd } from '../../support/sshd.ts';
import { waitFor } from '../../support/wait-for.ts';
import { rerunsOf } from './watch-lab.ts';

const program = join(import.meta.dirname, '../../../scripts/dstack');
const workflow = '- name: hello\n  provider: bash\n  commands: [cat data.txt]\n  watch: {ignore: [notes]}';

test('whoever is attached watches the project for the daemon of another machine', async () => {
  await using sshd = await startSshd();
  await using daemon = await startDaemon();
  const cache = scratchDir('c');
  const laptop = {
    ...sshd.env,
    DSTACK_HOST: `${sshd.url}${daemon.home}`,
    DSTACK_HOME: join(scratchDir('h'), 'none'),
    XDG_CACHE_HOME: cache,
  };
  const cwd = await projectWith(workflow, { '.dstack/name': 'far', 'data.txt': 'one\n', notes: '' });
  const dstack = (args: string[]) => daemon.cli(args, { cwd, env: laptop });
  const attached = (args: string[]) => {
    const child = spawn(program, args, { cwd, env: { ...daemon.env, ...laptop }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    child.stdout.on('data', (data: Buffer) => (said.out += data.toString()));
    child.stderr.on('data', (data: Buffer) => (said.err += data.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { said, ended, pid: child.pid ?? 0 };
  };
  const detail = async (name: string): Promise<RunDetail> => JSON.parse((await dstack(['ps', name, '--json'])).stdout) as RunDetail;

  const first = attached(['run', 'hello', '--watch']);
  await waitFor(() => first.said.out.includes('one\n'), 'the first attempt');
  const [run] = JSON.parse((await dstack(['ps', '--json'])).stdout) as RunDetail[];
  const name = run?.name ?? '';
  await waitFor(async () => (await detail(name)).watch?.sees === 'client', 'the client to watch', { every: 200 });
  writeFileSync(join(cwd, 'data.txt'), 'two\n');
  await waitFor(() => first.said.out.includes('two\n'), 'the second attempt');
  expect(rerunsOf(daemon.home, name)[1]).toMatchObject({ cause: 'change', changed: ['data.txt'], fresh: null });
  writeFileSync(join(cwd, 'notes'), 'these do not count');
  writeFileSync(join(cwd, '.dstack/workflows.yaml'), 'workflows: wrong\n');
  await waitFor(async () => (await detail(name)).watch?.notice?.startsWith('.dstack/workflows.yaml:1:'), 'the fault', { every: 200 });
  writeFileSync(join(cwd, '.dstack/workflows.yaml'), `workflows:\n${workflow.replaceAll(/^(?=.)/gm, '  ')}\n  \n`);
  await waitFor(async () => (await detail(name)).watch?.notice === null, 'it to be mended', { every: 200 });

  // without a client nobody sees anything; the next one catches up
  signal(first.pid, 'SIGTERM');
  await first.ended;
  await waitFor(async () => (await detail(name)).watch?.sees === 'nobody', 'nobody to watch', { every: 200 });
  writeFileSync(join(cwd, 'data.txt'), 'three\n');
  const second = attached(['attach', name]);
  await waitFor(() => second.said.out.includes('three\n'), 'the attempt of what changed meanwhile', { seconds: 60 });
  expect((await dstack(['stop', name])).code).toBe(0);
  await second.ended;
  expect(rerunsOf(daemon.home, name).map(({ cause }) => cause)).not.toContain('asked');
  // no pack is left behind
  expect(readdirSync(join(cache, 'dstack'), { recursive: true }).filter((path) => /\/pack-\d/.test(String(path)))).toEqual([]);
}, 120_000);

test('each user of a shared daemon watches with their own rights', async () => {
  await using lab = await openLab({ users: ['u1'] });
  lab.write('u1', { '.dstack/workflows.yaml': `workflows:\n${workflow.replaceAll(/^(?=.)/gm, '  ')}\n`, 'data.txt': 'one\n' });
  const dir = join(lab.user('u1').home, 'project');
  const ended = lab.cli('u1', ['run', 'hello', '--watch'], { seconds: 100 });
  const running = await waitFor(async () => (await lab.json<RunDetail[]>('u1', ['ps']))[0], 'the run', { every: 200 });
  const detail = (): Promise<RunDetail> => lab.json<RunDetail>('u1', ['ps', running.name]);
  await waitFor(async () => (await detail()).watch?.sees === 'client', 'the client to watch', { every: 200 });
  await waitFor(async () => (await lab.cli('u1', ['logs', running.name])).stdout.includes('one'), 'the first attempt', { every: 200 });
  writeFileSync(join(dir, 'data.txt'), 'two\n');
  await waitFor(() => rerunsOf(lab.home, running.name)[1]?.startedAt, 'the second attempt', { every: 200 });
  expect((await lab.cli('u1', ['stop', running.name])).code).toBe(0);
  const { stdout } = await ended;
  expect(stdout).toContain('one\n');
  expect(stdout).toContain('two\n');
  expect(existsSync(join(lab.home, 'uploads')) ? readdirSync(join(lab.home, 'uploads')) : []).toEqual([]);
}, 120_000);
