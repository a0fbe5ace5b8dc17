/** What a run was is recorded, and `restart` uses exactly that: its image though the name has moved on, its deps though there are newer runs. */
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { must } from '../../support/command.ts';
import { project, projectWith } from '../../support/project.ts';
import { startRegistry } from '../../support/registry.ts';
import { scratchDir } from '../../support/scratch.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { daemonOfFile, lastRun } from './fixture.ts';

const host = daemonOfFile({ config: { mount_roots: ['/tmp'] } });
const detail = async (cwd: string): Promise<RunDetail> =>
  host.daemon.json<RunDetail>(['ps', (await lastRun(host.daemon, cwd)).name], { cwd });

test('restart uses the very image of the run, though its name means another by now', async () => {
  const docker = (...args: string[]): Promise<string> =>
    must('docker', ['-H', host.daemon.engine, ...args], { env: { ...process.env, DOCKER_BUILDKIT: '0' } });
  const image = `dstack-test/moves-${process.pid}:1`;
  const build = scratchDir('b');
  const make = async (version: string): Promise<void> => {
    writeFileSync(join(build, 'version'), `${version}\n`);
    writeFileSync(join(build, 'Dockerfile'), `FROM ${tinyImage}\nCOPY version /version\n`);
    await docker('build', '-q', '-t', image, build);
  };
  await make('first');
  const cwd = await projectWith(`- name: v\n  provider: docker\n  image: ${image}\n  commands: [cat /version]`);
  expect((await host.daemon.cli(['run', 'v'], { cwd })).stdout).toBe('first\n');
  const { name, imageDigest } = await detail(cwd);
  // keeps the first one on the engine, which is what `restart` needs
  await docker('tag', image, `${image}-first`);
  await make('second');
  try {
    expect((await host.daemon.cli(['run', 'v'], { cwd })).stdout).toBe('second\n');
    expect((await detail(cwd)).imageDigest).not.toBe(imageDigest);
    expect((await host.daemon.cli(['restart', name], { cwd })).stdout).toBe('first\n');
    expect(await detail(cwd)).toMatchObject({ restartOf: name, imageDigest });
  } finally {
    await docker('rmi', image, `${image}-first`);
  }
});

test('deps stay what they were at submit', async () => {
  const cwd = await projectWith(
    [
      '- name: base\n  provider: bash\n  commands: ["echo ${{ run.args }} >data/n"]\n  artifacts: [data]',
      '- name: use\n  provider: bash\n  commands: [cat data/n]\n  deps: [base]',
    ].join('\n'),
  );
  await host.daemon.cli(['run', 'base', 'one'], { cwd });
  const base = await lastRun(host.daemon, cwd);
  await host.daemon.cli(['run', 'use'], { cwd });
  const use = await detail(cwd);
  expect(use.deps).toEqual([{ kind: 'workflow', project: use.project, name: 'base', run: base.name }]);
  await host.daemon.cli(['run', 'base', 'two'], { cwd });
  expect((await host.daemon.cli(['restart', use.name], { cwd })).stdout).toBe('one\n');
  expect((await host.daemon.cli(['run', 'use'], { cwd })).stdout).toBe('two\n');
});

test('deps of another project, by workflow and by tag', async () => {
  const other = await projectWith('- name: base\n  provider: bash\n  commands: [echo theirs >data/n]\n  artifacts: [data]', {
    '.dstack/name': 'lab/other\n',
  });
  await host.daemon.cli(['run', 'base', '-t', 'best'], { cwd: other });
  const use = (name: string, dep: string): string => `- name: ${name}\n  provider: bash\n  commands: [cat data/n]\n  deps: ["${dep}"]`;
  const cwd = await projectWith([use('flow', 'lab/other/base'), use('tag', ':lab/other/best'), use('here', 'base')].join('\n'));
  for (const name of ['flow', 'tag']) expect((await host.daemon.cli(['run', name], { cwd })).stdout, name).toBe('theirs\n');
  expect((await host.daemon.cli(['run', 'here'], { cwd })).stderr).toContain("Cannot find any successful run of the workflow 'base'");
});

test('image, mounts, driver, host, arguments and settings are kept with the run', async () => {
  const data = await project({ x: '' });
  const cwd = await projectWith(
    `- name: w\n  provider: bash\n  commands: [nproc]\n  mounts: ["${data}:/data:ro"]\n  max_duration: 1h\n  idle_timeout: 30m\n  resources: {cpu: 1, interruptible: true}`,
  );
  await host.daemon.cli(['run', 'w', 'an', 'argument'], { cwd });
  expect(await detail(cwd)).toMatchObject({
    workflow: 'w',
    args: ['an', 'argument'],
    image: tinyImage,
    imageDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    mounts: [`${data}:/data:ro`],
    host: 'local',
    resources: { cpu: 1 },
    interruptible: true,
    maxDuration: 3600,
    idleTimeout: 1800,
    commands: ['nproc'],
    snapshot: { commit: null, dirty: false, tree: expect.stringMatching(/^[0-9a-f]{40}/) },
  });
});

test('a mount that leads elsewhere by now is not taken for what the run had', async () => {
  const [data, other] = [await project({ x: 'first\n' }), await project({ x: 'other\n' })];
  const cwd = await projectWith(`- name: m\n  provider: bash\n  commands: [cat /data/x]\n  mounts: ["${data}:/data:ro"]`);
  expect((await host.daemon.cli(['run', 'm'], { cwd })).stdout).toBe('first\n');
  const { name } = await detail(cwd);
  renameSync(data, `${data}-away`);
  symlinkSync(other, data);
  const { code, stderr } = await host.daemon.cli(['restart', name], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(`The folder ${data} of 'mounts' is not what it was when '${name}' was submitted`);
  rmSync(data);
  renameSync(`${data}-away`, data);
  expect((await host.daemon.cli(['restart', name], { cwd })).stdout).toBe('first\n');
});

test('registry_auth of a workflow, from secrets, reaches the registry', async () => {
  const user = { username: 'ada', password: 'correct horse' };
  await using registry = await startRegistry(user);
  const image = await registry.push(host.daemon.engine, tinyImage, `private/tiny-${process.pid}:1`);
  const auth = '  registry_auth: {username: ada, password: "${{ secrets.REGISTRY }}"}';
  const workflow = (name: string, more: string): string =>
    `- name: ${name}\n  provider: docker\n  image: ${image}\n  commands: [echo pulled]\n${more}`;
  const cwd = await projectWith(`${workflow('without', '')}\n${workflow('with', auth)}`);
  await host.daemon.cli(['secrets', 'add', 'REGISTRY'], { cwd, input: user.password });
  expect((await host.daemon.cli(['run', 'without'], { cwd })).stderr).toContain(`cannot pull the image ${image}`);
  const { stdout, stderr } = await host.daemon.cli(['run', 'with'], { cwd });
  expect(stdout, stderr).toBe('pulled\n');
  await must('docker', ['-H', host.daemon.engine, 'rmi', image]);
});
