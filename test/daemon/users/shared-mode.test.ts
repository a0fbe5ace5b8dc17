import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditEntry, Run, RunDetail, Tag } from '../../../shared/api.ts';
import { openLab, type Lab } from '../../support/lab.ts';
import { waitFor } from '../../support/wait-for.ts';
import { askAs, readLogAs } from './raw-client.ts';

const ten = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8', 'u9'];
let lab: Lab;
beforeAll(async () => {
  lab = await openLab({ users: ten, primary: ['u10'] });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const workflows = `workflows:
  - name: hello
    provider: bash
    commands: [cat file.txt, cp file.txt out/]
    artifacts: [out]
  - name: secret
    provider: bash
    commands: ['echo "it is \${#TOKEN} long"']
  - name: wait
    provider: bash
    commands: [echo begun, sleep 1000]
`;
const project = (user: string): void =>
  lab.write(user, { '.dstack/workflows.yaml': workflows, '.dstack/name': 'lab/same', 'file.txt': `of ${user}\n` });

test('ten users submit at once, each through their own socket, files that only they can read', async () => {
  const all = [...ten, 'u10'];
  all.forEach(project);
  const ended = await Promise.all(all.map((user) => lab.cli(user, ['run', 'hello', '-t', 'mine'])));
  for (const [i, { code, stdout, stderr }] of ended.entries()) {
    expect(code, stderr).toBe(0);
    expect(stdout).toBe(`of ${all[i]}\n`);
  }
  for (const user of all) {
    // one name of a project, ten projects: nobody's runs and tags are another's
    const runs = await lab.json<Run[]>(user, ['ps']);
    expect(runs).toMatchObject([{ user, project: 'lab/same', status: 'done', tags: ['mine'] }]);
    expect(await lab.json<Tag[]>(user, ['tags'])).toMatchObject([{ run: runs[0]?.name, project: 'lab/same' }]);
    expect((await lab.cli(user, ['artifacts', 'download', ':mine', '-o', 'result'])).code).toBe(0);
    const { uid, home } = lab.user(user);
    expect(readFileSync(join(home, 'project/result/out/file.txt'), 'utf8')).toBe(`of ${user}\n`);
    expect(statSync(join(home, 'project/result/out/file.txt')).uid).toBe(uid);
  }
});

test('the socket of another user, and the home of the daemon, are closed to them', async () => {
  const { uid } = lab.user('u1');
  expect(statSync(lab.socketOf('u1'))).toMatchObject({ uid, mode: 0o140600 });
  expect(statSync(join(lab.runtime, 'users/u1'))).toMatchObject({ uid: 0, mode: 0o40711 });
  expect(statSync(join(lab.runtime, 'users'))).toMatchObject({ uid: 0, mode: 0o40755 });
  const tries = [
    `ls ${lab.runtime}/users/u1`,
    `cat ${lab.home}/config.yaml`,
    `ls ${lab.home}/artifacts`,
    `rm -rf ${lab.runtime}/users/u1 && test ! -e ${lab.runtime}/users/u1`,
    `mv ${lab.runtime}/users/u2 ${lab.runtime}/users/u1`,
    `ln -s /tmp ${lab.runtime}/users/u11`,
  ];
  for (const line of tries) expect((await lab.as('u2', 'sh', ['-c', line])).code, line).not.toBe(0);
  const guessed = await askAs(lab, 'u2', lab.socketOf('u1'), 'GET', '/v1/daemon');
  expect(guessed).toMatchObject({ error: 'EACCES' });
  // who claims to be somebody else in a request is believed by nobody
  const claimed = await askAs(lab, 'u2', lab.socketOf('u2'), 'GET', '/v1/policy?user=u1&uid=0');
  expect(claimed).toMatchObject({ status: 200, body: { user: 'u2' } });
});

test("what is another's can be seen in the queue, and neither read, ended nor used", async () => {
  const name = await started('u1');
  const seen = (await lab.json<Run[]>('u2', ['ps', '-a'])).find((run) => run.name === name);
  expect(seen).toMatchObject({ name, user: 'u1', workflow: 'wait', status: 'running', project: '', tags: [], artifacts: [], reason: null });

  const refusals: [string[], string][] = [
    [['ps', name], 'read'],
    [['logs', name], 'read'],
    [['logs', '-f', name], 'read'],
    [['stats', name], 'read'],
    [['artifacts', 'list', name], 'read'],
    [['artifacts', 'download', name, '-o', 'stolen'], 'read'],
    [['stop', '-y', name], 'end'],
    [['stop', '-x', '-y', name], 'end'],
    [['rm', '-y', name], 'end'],
    [['restart', name], 'own'],
    [['tags', 'add', 'stolen', name], 'own'],
    [['share', name], 'own'],
  ];
  for (const [args, access] of refusals) {
    const { code, stdout, stderr } = await lab.cli('u2', args);
    expect(code, args.join(' ')).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`The run '${name}' belongs to u1`);
    if (access === 'read') expect(stderr).toContain('who has not shared it');
  }
  // nor by speaking to the daemon directly
  const socket = lab.socketOf('u2');
  const inProject = { projectDir: join(lab.user('u1').home, 'project'), project: 'lab/same' };
  const requests: ['GET' | 'POST', string, object?][] = [
    ['GET', `/v1/runs/${name}`],
    ['POST', '/v1/runs/stop', { ...inProject, names: [name] }],
    ['POST', '/v1/runs/rm', { ...inProject, names: [name] }],
    ['POST', '/v1/runs/restart', { name }],
    ['POST', '/v1/runs/share', { name }],
    ['GET', `/v1/artifacts?${new URLSearchParams({ ...inProject, target: name })}`],
    ['GET', `/v1/artifacts/download?${new URLSearchParams({ ...inProject, target: name })}`],
    ['POST', '/v1/tags', { ...inProject, tag: 'stolen', run: name }],
  ];
  for (const [method, path, body] of requests) {
    expect(await askAs(lab, 'u2', socket, method, path, body), path).toMatchObject({ status: 400, body: { code: 'not_yours' } });
  }
  for (const path of ['logs?follow=1', 'exec']) {
    expect(await readLogAs(lab, 'u2', socket, `/v1/runs/${name}/${path}`)).toMatchObject({
      status: 404,
      text: expect.stringContaining('not_yours'),
    });
  }
  // `--all` is of one's own
  expect(await askAs(lab, 'u2', socket, 'POST', '/v1/runs/stop', { ...inProject, all: true })).toMatchObject({ status: 200, body: [] });
  expect(await runOf('u1', name)).toMatchObject({ status: 'running' });

  expect((await lab.cli('u1', ['stop', '-y', name])).code).toBe(0);
});

test('a shared run can be read by others, and still not ended; not shared any more, who follows its log is let go', async () => {
  const name = await started('u3');
  expect((await lab.cli('u3', ['share', name])).stdout).toBe(`${name} can be read by all users of this machine.\n`);
  expect(await lab.json<RunDetail>('u4', ['ps', name])).toMatchObject({
    name,
    project: 'lab/same',
    commands: ['echo begun', 'sleep 1000'],
  });
  expect((await lab.cli('u4', ['logs', name])).stdout).toBe('begun\n');
  expect((await lab.cli('u4', ['stop', '-y', name])).stderr).toContain(`only u3 and the administrator may stop or remove it`);

  const following = lab.cli('u4', ['logs', '-f', name]);
  await waitFor(async () => (await lab.cli('u3', ['share', name, '--off'])).code === 0, 'it to be private again');
  const { code, stderr } = await following;
  expect(code).toBe(1);
  expect(stderr).toContain('who has not shared it');
  expect((await lab.cli('u3', ['stop', '-y', name])).code).toBe(0);
});

test('secrets, tags and deps are of one user, also in projects of one name', async () => {
  expect((await lab.cli('u5', ['secrets', 'add', 'TOKEN', 'sesame'])).code).toBe(0);
  expect(await lab.json('u6', ['secrets'])).toEqual([]);
  expect((await lab.cli('u5', ['run', 'secret'])).stdout).toBe('it is 6 long\n');
  expect((await lab.cli('u6', ['run', 'secret'])).stdout).toBe('it is 0 long\n');
  expect((await lab.cli('u6', ['secrets', 'delete', '-y', 'TOKEN'])).stderr).toContain("doesn't exist in the 'lab/same' project");

  expect((await lab.cli('u5', ['tags', 'add', 'best', (await lab.json<Run[]>('u5', ['ps']))[0]?.name ?? ''])).code).toBe(0);
  for (const dep of [':best', ':lab/same/best']) {
    const { code, stderr } = await lab.cli('u6', ['run', 'bash', '-c', 'ls', '--dep', dep]);
    expect(code, dep).toBe(1);
    expect(stderr).toContain("Cannot find the tag 'best'");
  }
  expect((await lab.cli('u6', ['artifacts', 'list', ':best'])).stderr).toContain("Cannot find the tag 'best' in the 'lab/same' project");
});

test('the administrator may end and remove what is of everybody, which is written down', async () => {
  const name = await started('u7');
  expect((await lab.cli('root', ['stop', '-y', name])).code).toBe(0);
  await waitFor(async () => (await runOf('u7', name)).status === 'stopped', 'it to be stopped');
  expect((await lab.cli('root', ['rm', '-y', name])).code).toBe(0);
  const entries = await lab.json<AuditEntry[]>('u7', ['audit']);
  expect(entries.slice(0, 2)).toMatchObject([
    { user: 'root', action: 'rm', run: name, owner: 'u7' },
    { user: 'root', action: 'stop', run: name, owner: 'u7' },
  ]);
  expect(await lab.json<AuditEntry[]>('u8', ['audit'])).toEqual([]);
  // but not run it as theirs
  const other = await started('u8');
  expect((await lab.cli('root', ['restart', other])).stderr).toContain('belongs to u8');
  expect((await lab.cli('u8', ['stop', '-x', '-y', other])).code).toBe(0);
});

test('a request of another user is another request, whatever its id', async () => {
  const request = { requestId: 'the-very-same', target: 'hello', overrides: {}, args: [], projectDir: '/p', project: 'p' };
  const refused = await askAs(lab, 'u9', lab.socketOf('u9'), 'POST', '/v1/runs', request);
  expect(refused).toMatchObject({ status: 400, body: { code: 'snapshot_needed' } });
  // the tree of somebody else is not had by knowing its id
  const [run] = await lab.json<Run[]>('u1', ['ps', '-a']);
  const detail = await lab.json<RunDetail>('u1', ['ps', run?.name ?? '']);
  const { tree } = detail.snapshot;
  const snapshot = { tree, commit: null, branch: null, dirty: false };
  const projectDir = join(lab.user('u1').home, 'project');
  const stolen = await askAs(lab, 'u9', lab.socketOf('u9'), 'POST', '/v1/runs', { ...request, projectDir, snapshot });
  expect(stolen).toMatchObject({ status: 400, body: { code: 'snapshot_needed' } });
});

test('users cannot stop the daemon, and the command neither starts nor replaces it', async () => {
  expect((await lab.cli('u1', ['daemon', 'stop'])).stderr).toContain('only the administrator stops it');
  await lab.stop();
  const { code, stderr } = await lab.cli('u1', ['ps']);
  expect(code).toBe(1);
  expect(stderr).toContain('The dstack daemon of this machine is not running');
  expect(stderr).toContain('systemctl status dstackd');
  expect((await lab.cli('u1', ['daemon', 'start'])).code).toBe(1);
  await lab.start();
  expect((await lab.cli('u1', ['ps'])).code).toBe(0);
});

test('a user can put nothing into the folder of their socket, nor anything in its place', async () => {
  const dir = join(lab.runtime, 'users/u9');
  const tries = [
    'rm dstackd.sock',
    'mv dstackd.sock other',
    'ln -s /etc/passwd link',
    'mkdir inner',
    'head -c 1000000 /dev/zero >big',
    'chmod 777 .',
  ];
  for (const line of tries) expect((await lab.as('u9', 'sh', ['-c', `cd ${dir} && ${line}`])).code, line).not.toBe(0);
  // what an earlier daemon left is put right by the next start
  await lab.stop();
  rmSync(lab.socketOf('u9'));
  symlinkSync('/etc/passwd', lab.socketOf('u9'));
  mkdirSync(join(dir, 'inner'));
  const before = statSync('/etc/passwd');
  await lab.start();
  expect(statSync('/etc/passwd')).toMatchObject({ uid: before.uid, mode: before.mode, ino: before.ino });
  expect(statSync(lab.socketOf('u9'))).toMatchObject({ uid: lab.user('u9').uid, mode: 0o140600 });
  expect((await lab.cli('u9', ['daemon', 'status'])).code).toBe(0);
});

test('one who opens connections without end leaves the others theirs', async () => {
  const script = `
    let refused = 0, open = 0;
    const many = Array.from({ length: 1000 }, () => {
      const socket = require('node:net').connect(process.argv[1], () => open++);
      socket.on('error', () => {}).on('close', () => { if (++refused === 500) { console.log('enough'); process.exit(0); } });
      return socket;
    });`;
  const node = join(lab.dir, 'dstack/node_modules/node/bin/node');
  expect((await lab.as('u9', node, ['-e', script, lab.socketOf('u9')], { seconds: 30 })).stdout).toBe('enough\n');
  expect((await lab.cli('u8', ['daemon', 'status'])).code).toBe(0);
});

test('who leaves the group is cut off at once, and who joins gets a socket', async () => {
  const name = await started('u2');
  const following = lab.cli('u2', ['logs', '-f', name]);
  await lab.setMembers(ten.filter((user) => user !== 'u2'));
  expect((await following).code).toBe(1);
  expect((await askAs(lab, 'u2', lab.socketOf('u2'), 'GET', '/v1/daemon')).error).toBe('ENOENT');
  await lab.setMembers(ten);
  expect(await runOf('u2', name)).toMatchObject({ status: 'running' });
  expect((await lab.cli('u2', ['stop', '-x', '-y', name])).code).toBe(0);
});

/** A run of `wait` that has printed its line. */
async function started(user: string): Promise<string> {
  const { stdout, stderr } = await lab.cli(user, ['run', '-d', 'wait']);
  const name = stdout.trim();
  if (name === '') throw new Error(stderr);
  await waitFor(async () => (await lab.cli(user, ['logs', name])).stdout === 'begun\n', `${name} to begin`, { seconds: 60 });
  return name;
}

async function runOf(user: string, name: string): Promise<Run> {
  const run = (await lab.json<Run[]>(user, ['ps', '-a'])).find((one) => one.name === name);
  if (!run) throw new Error(`${user} has no run ${name}`);
  return run;
}
