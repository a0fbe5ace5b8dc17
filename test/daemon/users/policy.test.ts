import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PolicyView, Run, RunDetail } from '../../../shared/api.ts';
import { labels } from '../../../daemon/engine/engine.ts';
import { engineJson, filters } from '../../support/engine-api.ts';
import { openLab, type Lab } from '../../support/lab.ts';
import { askAs } from './raw-client.ts';
import { waitFor } from '../../support/wait-for.ts';

let lab: Lab;
let data: string;
beforeAll(async () => {
  lab = await openLab({ users: ['ann', 'bob', 'cyd'] });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

beforeAll(() => {
  data = join(lab.dir, 'data');
  mkdirSync(data);
  const file = join(lab.dir, 'etc/policy.yaml');
  writeFileSync(file, policyText().replace('DATA', data));
});
const policyText = (): string => `defaults:
  gpus: 2
  disk: 1MB
  max_duration: 1h
  priority: 5
  memory: 64MB
  pids: 50
  mount_roots: [~/data, DATA]
users:
  bob:
    disk: unlimited
    priority: 10
    mount_roots: []
  cyd:
    runs: 1
`;

test('each is told what holds for them, as the file says now', async () => {
  const common = { gpus: 2, runs: null, maxDuration: 3600, memory: 64e6, pids: 50 };
  expect(await lab.json<PolicyView>('ann', ['policy'])).toMatchObject({
    user: 'ann',
    ...common,
    disk: 1e6,
    priority: 5,
    mountRoots: ['~/data', data],
  });
  expect(await lab.json<PolicyView>('bob', ['policy'])).toMatchObject({ user: 'bob', ...common, disk: null, priority: 10, mountRoots: [] });
  expect((await lab.cli('ann', ['policy'])).stdout).toContain('disk          1 MB, 0 B used');
});

test('what a run leaves open is filled in, and given to its container', async () => {
  const { stdout } = await lab.cli('ann', ['run', '-d', 'bash', '-c', 'sleep 1000']);
  const name = stdout.trim();
  const detail = await lab.json<RunDetail>('ann', ['ps', name]);
  expect(detail).toMatchObject({ maxDuration: 3600, resources: { memory: 64e6 } });
  const container = await waitFor(async () => (await containersOf(name))[0], 'its container');
  const { HostConfig } = await engineJson<{ HostConfig: object }>(process.env['DOCKER_HOST'] ?? '', `/containers/${container.Id}/json`);
  expect(HostConfig).toMatchObject({ Memory: 64e6, PidsLimit: 50 });
  expect((await lab.cli('ann', ['stop', '-x', '-y', name])).code).toBe(0);
});

test.each([
  [['--priority', '6'], 'priority 6, and the policy allows you at most 5'],
  [['--max-duration', '2h'], 'may last 2h, and the policy allows you at most 1h'],
  [['--gpu', '3'], 'asks for 3 GPUs, and the policy allows you 2 at once'],
])('%s is refused', async (options, why) => {
  const { code, stderr } = await lab.cli('ann', ['run', ...options, 'bash', '-c', 'true']);
  expect(code).toBe(1);
  expect(stderr).toContain(why);
});

test('a run from before the policy gets what the policy fills in when it is repeated', async () => {
  const file = join(lab.dir, 'etc/policy.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, 'defaults: {}\n');
  const old = (await lab.cli('ann', ['run', '-d', 'bash', '-c', 'true'])).stdout.trim();
  expect((await lab.json<RunDetail>('ann', ['ps', old])).resources.memory).toBeNull();
  writeFileSync(file, text);
  const again = (await lab.cli('ann', ['restart', '-d', old])).stdout.trim();
  expect(await lab.json<RunDetail>('ann', ['ps', again])).toMatchObject({ maxDuration: 3600, resources: { memory: 64e6 } });
});

test('artifacts are given to their user behind closed folders, count for their disk, and stop further runs', async () => {
  const saved = await lab.cli('ann', [
    'run',
    'bash',
    '-a',
    'out',
    '-c',
    'head -c 3000000 /dev/zero >out/big; mkdir out/deep; touch out/deep/f',
  ]);
  expect(saved.code, saved.stderr).toBe(0);
  const [run] = await lab.json<Run[]>('ann', ['ps']);
  const artifacts = join(lab.home, 'artifacts');
  const own = join(artifacts, readdirSync(artifacts).toSorted((a, b) => Number(b) - Number(a))[0] ?? '', '0/0');
  const { uid, gid } = lab.user('ann');
  for (const path of ['', 'big', 'deep', 'deep/f']) expect(statSync(join(own, path)), path).toMatchObject({ uid, gid });
  expect(statSync(artifacts)).toMatchObject({ uid: 0, mode: 0o40700 });

  const { code, stderr } = await lab.cli('ann', ['run', 'bash', '-c', 'true']);
  expect(code).toBe(1);
  expect(stderr).toContain(`Your artifacts take 3 MB, more than the 1 MB that the policy allows you; the biggest: ${run?.name} (3 MB)`);
  lab.write('ann', { 'more/a': 'a\n' });
  expect((await lab.cli('ann', ['tags', 'add', 'more', '-a', 'more'])).stderr).toContain('Your artifacts take 3 MB, more than the 1 MB');
  expect(await lab.json('ann', ['tags'])).toEqual([]);
  expect((await lab.cli('bob', ['run', 'bash', '-c', 'true'])).code).toBe(0);
  expect((await lab.cli('ann', ['rm', '-y', run?.name ?? ''])).code).toBe(0);
  expect((await lab.cli('ann', ['run', 'bash', '-c', 'true'])).stderr).toContain('of removed runs: 3 MB, which dstack gc frees');
  expect((await lab.cli('ann', ['gc'])).code).toBe(0);
  expect((await lab.cli('ann', ['run', 'bash', '-c', 'true'])).code).toBe(0);
});

test('mounts: only below the roots, and only what the user can reach', async () => {
  const folder = (path: string, owner: string, mode: number): string => {
    mkdirSync(path);
    const { uid, gid } = owner === 'root' ? { uid: 0, gid: 0 } : lab.user(owner);
    chownSync(path, uid, gid);
    chmodSync(path, mode);
    return path;
  };
  const run = (path: string) => lab.cli('ann', ['run', '--mount', `${path}:/mnt/x`, 'bash', '-c', 'ls /mnt/x']);
  const home = folder(join(lab.user('ann').home, 'data'), 'ann', 0o700);
  writeFileSync(join(home, 'mine'), '');
  expect((await run('~/data')).stdout).toBe('mine\n');

  const closed = folder(join(data, 'closed'), 'bob', 0o700);
  const readOnly = folder(join(data, 'read-only'), 'root', 0o755);
  expect((await run(closed)).stderr).toContain(`You may not read the folder ${closed}`);
  expect((await run(join(closed, 'x'))).stderr).toContain('does not exist on this host, or you may not see it');
  expect((await run(readOnly)).stderr).toContain(`You may not write in the folder ${readOnly}`);
  expect((await lab.cli('ann', ['run', '--mount', `${readOnly}:/mnt/x:ro`, 'bash', '-c', 'true'])).code).toBe(0);
  symlinkSync('/etc', join(home, 'link'));
  expect((await lab.cli('ann', ['run', '--mount', '~/data/link:/mnt/x:ro', 'bash', '-c', 'ls /mnt/x'])).stderr).toContain('(really /etc)');
  expect((await lab.cli('bob', ['run', '--mount', `${readOnly}:/mnt/x:ro`, 'bash', '-c', 'true'])).stderr).toContain(
    'not below an allowed root',
  );
});

test('a mount is there while the environment is built, too', async () => {
  lab.write('ann', {
    '.dstack/workflows.yaml':
      'workflows:\n  - name: built\n    provider: bash\n    setup: [ls /mnt/x >/seen]\n    commands: [cat /seen]\n    mounts: ["~/data:/mnt/x:ro"]\n',
  });
  const { code, stdout, stderr } = await lab.cli('ann', ['run', 'built']);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('mine\n');
  expect((await lab.json<RunDetail>('ann', ['ps', (await lab.json<Run[]>('ann', ['ps']))[0]?.name ?? ''])).environmentKey).not.toBeNull();
});

test('a folder that became a link while the run waited is not mounted', async () => {
  const { home, uid, gid } = lab.user('cyd');
  const folder = join(home, 'data');
  mkdirSync(folder);
  chownSync(folder, uid, gid);
  const first = (await lab.cli('cyd', ['run', '-d', 'bash', '-c', 'sleep 1000'])).stdout.trim();
  await waitFor(async () => (await containersOf(first))[0], 'the first to run');
  const second = (await lab.cli('cyd', ['run', '-d', '--mount', '~/data:/mnt/x', 'bash', '-c', 'cat /mnt/x/shadow'])).stdout.trim();
  rmdirSync(folder);
  symlinkSync('/etc', folder);
  expect((await lab.cli('cyd', ['stop', '-x', '-y', first])).code).toBe(0);
  const ended = async () => (await lab.json<Run[]>('cyd', ['ps', '-a'])).find((run) => run.name === second && run.status === 'failed');
  expect(await waitFor(ended, 'the second to fail', { seconds: 30 })).toMatchObject({
    reason: expect.stringContaining(`the folder ${folder} of 'mounts' is not what it was at submit`),
  });
});

test('a folder that becomes a link between the making of the container and its start is not mounted, and else the next daemon starts it', async () => {
  const folder = join(lab.user('ann').home, 'data');
  const cutOff = async (command: string): Promise<string> => {
    await lab.stop();
    await lab.start({ DSTACK_FAULT: 'before:startContainer' });
    const name = (await lab.cli('ann', ['run', '-d', '--mount', '~/data:/mnt/x', 'bash', '-c', command])).stdout.trim();
    await waitFor(async () => (await lab.cli('ann', ['ps'])).code !== 0, 'the daemon to be killed');
    return name;
  };
  const ended = (name: string) =>
    waitFor(
      async () => (await lab.json<Run[]>('ann', ['ps', '-a'])).find((run) => run.name === name && run.finishedAt !== null),
      'its end',
      {
        seconds: 30,
      },
    );
  const swapped = await cutOff('cat /mnt/x/shadow');
  renameSync(folder, `${folder}-away`);
  symlinkSync('/etc', folder);
  await lab.start();
  expect(await ended(swapped)).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining(`the folder ${folder} of 'mounts' is not what it was at submit`),
  });
  rmSync(folder);
  renameSync(`${folder}-away`, folder);
  const left = await cutOff('cat /mnt/x/mine && echo made >/mnt/x/new');
  await lab.start();
  expect(await ended(left)).toMatchObject({ status: 'done' });
  expect(readFileSync(join(folder, 'new'), 'utf8')).toBe('made\n');
});

test('a folder to tag is read with the rights of its user', async () => {
  const own = join(lab.user('ann').home, 'project/set');
  lab.write('ann', { 'set/a': 'a\n' });
  expect((await lab.cli('ann', ['tags', 'add', 'set', '-a', 'set'])).code).toBe(0);
  expect((await lab.cli('ann', ['artifacts', 'list', ':set'])).stdout).toContain('a');
  const stolen = await lab.cli('bob', ['tags', 'add', 'stolen', '-a', '/root']);
  expect(stolen.stderr).toContain('/root is not a directory that bob may read');
  expect((await lab.cli('bob', ['tags', 'add', 'stolen', '-a', own])).stderr).toContain('is not a folder');
  const request = { projectDir: '/p', project: 'p', tag: 'stolen', dirs: [{ source: own, path: 'set' }] };
  const direct = await askAs(lab, 'bob', lab.socketOf('bob'), 'POST', '/v1/tags', request);
  expect(direct).toMatchObject({ status: 400, body: { code: 'not_a_directory' } });
});

test("a workflow file that is a link out of the project is not followed with root's eyes", async () => {
  const file = join(lab.user('bob').home, 'project/.dstack/workflows.yaml');
  symlinkSync('/etc/shadow', file);
  const { code, stderr } = await lab.cli('bob', ['run', 'anything']);
  expect(code).toBe(1);
  expect(stderr).toContain(`${file} is a link that leads out of the project`);
});

test('a policy that cannot be read stops submits, and says where', async () => {
  const file = join(lab.dir, 'etc/policy.yaml');
  writeFileSync(file, 'defaults:\n  gpus: many\n');
  const { code, stderr } = await lab.cli('ann', ['run', 'bash', '-c', 'true']);
  expect(code).toBe(1);
  expect(stderr).toContain('policy.yaml:2:9: gpus many: this is not a whole number');
});

const containersOf = (run: string): Promise<{ Id: string }[]> =>
  engineJson(process.env['DOCKER_HOST'] ?? '', `/containers/json?${filters({ label: [`${labels.run}=${run}`] })}`);
