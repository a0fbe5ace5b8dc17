import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { DaemonStatus, Run } from '../../shared/api.ts';
import { ownVersion } from '../../shared/version.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { projectWith } from '../support/project.ts';
import { scratchDir } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';
import { untilStatus } from '../daemon/runs/fixture.ts';
import { dstack as dstackIn, installed, majors, type Major } from './installed.ts';

const workflows = `- name: make
  provider: bash
  commands: ['echo "made of $(cat file.txt)"', echo kept >out/result]
  artifacts: [out]
- name: see
  provider: bash
  commands: [cat file.txt]
- name: use
  provider: bash
  deps: [':kept']
  commands: [cat out/result]
- name: wait
  provider: bash
  commands: [echo begun, 'while ! test -e /workflow/end; do sleep 0.1; done', echo ended]`;

/** The Node.js that the process runs on. */
const nodeOf = (pid: number): string => readlinkSync(`/proc/${pid}/exe`);
const nodePath = (major: Major): string => readlinkSync(join(inject('nodes')[major] ?? '', 'node'));

describe.each(majors)('under Node.js %s', (major) => {
  let dstack: TestDaemon;
  let cwd: string;
  beforeAll(async () => {
    dstack = await installed(major);
    cwd = await projectWith(workflows, { 'file.txt': 'files\n' });
  });
  afterAll(() => dstack?.[Symbol.asyncDispose]());
  const cli = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await dstack.cli(args, { cwd });
    expect(code, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };

  test('what needs no daemon', async () => {
    expect(await cli('--version')).toBe(`${ownVersion()}\n`);
    expect(await cli('--help')).toContain('dstack COMMAND --help');
    expect(await cli('run', '--help')).toContain('--artifact');
    await cli('check');
    const dir = scratchDir('init');
    expect((await dstack.cli(['init'], { cwd: dir })).stdout).toContain('dstack run hello');
    const file = join(dir, '.dstack/workflows.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('provider: bash', 'provider: bsh'));
    const { code, stdout, stderr } = await dstack.cli(['check'], { cwd: dir });
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/workflows\.yaml:\d+:\d+/);
    expect(JSON.parse(await cli('schema'))).toHaveProperty('$schema');
    expect(await cli('config')).toContain('grace_period');
    expect(await cli('completion', 'bash')).toContain('complete ');
    const completion = await dstack.cli(['completion', 'install', 'bash'], { cwd, env: { HOME: dir, XDG_DATA_HOME: join(dir, 'data') } });
    expect(completion.code, completion.stderr).toBe(0);
    expect(completion.stdout).toContain(dir);
  });

  test('the daemon starts, says so, and runs on the same Node.js', async () => {
    expect(await cli('daemon', 'start')).toMatch(/^The daemon runs \(process \d+\)\.$/m);
    const status = await dstack.json<DaemonStatus>(['daemon', 'status']);
    expect(status).toMatchObject({ version: ownVersion(), home: dstack.home });
    expect(nodeOf(status.pid)).toBe(nodePath(major));
    expect(await cli('doctor')).toContain(`Node v${major}.`);
    expect(await cli('daemon', 'logs')).toContain(' ');
  });

  test('a run, its log, its artifacts, and another that uses them', async () => {
    expect(await cli('run', 'make', '-t', 'kept')).toBe('made of files\n');
    const [run] = await dstack.json<Run[]>(['ps', '-a'], { cwd });
    expect(run).toMatchObject({ workflow: 'make', status: 'done', exitCode: 0, tags: ['kept'] });
    expect(await cli('logs', run?.name ?? '')).toBe('made of files\n');
    await cli('artifacts', 'download', ':kept', '-o', 'home');
    expect(readFileSync(join(cwd, 'home/out/result'), 'utf8')).toBe('kept\n');
    expect(await cli('run', 'use')).toBe('kept\n');
    expect(await cli('ps', run?.name ?? '')).toContain('make');
    expect(await cli('df')).toMatch(/artifacts/i);
  });

  test('a secret arrives, and is not in the log', async () => {
    expect((await dstack.cli(['secrets', 'add', 'TOKEN'], { cwd, input: 'not-a-real-token' })).code).toBe(0);
    const out = await cli('run', 'bash', '-c', 'echo "${#TOKEN}: $TOKEN"');
    expect(out).toMatch(/^16: /);
    expect(out).not.toContain('not-a-real-token');
  });

  test('a watch runs again when a file changes', async () => {
    const child = spawn(dstackIn(), ['run', 'see', '--watch'], { cwd, env: dstack.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    await waitFor(() => out.includes('files\n'), 'the first attempt');
    writeFileSync(join(cwd, 'file.txt'), 'changed\n');
    await waitFor(() => out.includes('changed\n'), 'the second attempt');
    const [run] = await dstack.json<Run[]>(['ps'], { cwd });
    await cli('stop', run?.name ?? '', '-y');
    await ended;
    expect(await untilStatus(dstack, cwd, run?.name ?? '', 'stopped')).toMatchObject({ workflow: 'see', attempt: 2 });
  });

  test('entered while it runs, then stopped', async () => {
    const name = (await cli('run', 'wait', '-d')).trim();
    await untilStatus(dstack, cwd, name, 'running');
    expect(await cli('exec', name, 'echo', 'inside')).toBe('inside\n');
    await cli('stop', name);
    expect(await untilStatus(dstack, cwd, name, 'stopped')).toMatchObject({ status: 'stopped' });
    await cli('rm', name, '-y');
    await cli('gc');
  });
});

test('a daemon of another Node.js takes over what runs, its log whole', async () => {
  await using first = await installed('22');
  const cwd = await projectWith(workflows, { 'file.txt': 'files\n' });
  const submitted = await first.cli(['run', 'wait', '-d'], { cwd });
  expect(submitted.code, submitted.stderr).toBe(0);
  const name = submitted.stdout.trim();
  await untilStatus(first, cwd, name, 'running');
  const before = (await first.status())?.pid ?? 0;
  await first.kill();
  await using second = await installed('26', { home: first.home });
  expect((await second.cli(['daemon', 'start'])).code).toBe(0);
  const after = (await second.status())?.pid ?? 0;
  expect([nodeOf(after), after === before]).toEqual([nodePath('26'), false]);
  expect((await second.cli(['exec', name, 'touch', '/workflow/end'], { cwd })).code).toBe(0);
  // back again: stopped in good order this time, by the command of another version
  expect((await second.cli(['daemon', 'stop'])).code).toBe(0);
  const third = await installed('24', { home: first.home });
  expect(await untilStatus(third, cwd, name, 'done')).toMatchObject({ exitCode: 0, attempt: 1 });
  expect((await third.cli(['logs', name], { cwd })).stdout).toBe('begun\nended\n');
  await waitFor(async () => (await third.status()) !== null, 'the daemon to answer');
});
