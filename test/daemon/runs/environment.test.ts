/**
 * Cached environments on a real engine. `pip` is a script of the project that says what it is asked for and leaves a file in the image: what the real one does there is
 * tested with real images (test/servers).
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DiskUse, Environment, RunDetail } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { startEngine } from '../../support/engine.ts';
import { engineJson, engineRequest, filters } from '../../support/engine-api.ts';
import { projectWith } from '../../support/project.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, ended, lastRun, untilNothingIsLeft, untilStatus } from './fixture.ts';

const host = daemonOfFile({ config: { mount_roots: ['/tmp'], grace_period: '1s' } });

const fakePip =
  '#!/bin/sh\necho "pip $*"\nif grep -q nothing-like-it "$3"; then echo "ERROR: No matching distribution found"; exit 1; fi\ncat "$3" >>/installed\n';
const list = (key: string, lines: string[]): string =>
  lines.length === 0 ? '' : `  ${key}:\n${lines.map((line) => `    - ${JSON.stringify(line)}`).join('\n')}\n`;

interface Parts {
  commands?: string[];
  setup?: string[];
  requirements?: string;
  more?: string;
  provider?: 'bash' | 'docker';
  image?: string;
}

/** A workflow `w`; no other test has its requirements or its set-up. */
async function projectOf(
  { commands = ['echo work'], setup = [], requirements, more = '', provider = 'bash', image }: Parts,
  files: Record<string, string> = {},
) {
  const text = `- name: w\n  provider: ${provider}\n${image ? `  image: ${image}\n` : ''}  env: ["PATH=/workflow/bin:$PATH"]\n${
    requirements === undefined ? '' : '  requirements: needs.txt\n'
  }${list('setup', setup)}${list('commands', commands)}${more}`;
  const cwd = await projectWith(text, {
    ...(requirements === undefined ? {} : { 'needs.txt': requirements }),
    'bin/pip': fakePip,
    ...files,
  });
  chmodSync(join(cwd, 'bin/pip'), 0o755);
  return cwd;
}

const unique = (): string => `pkg-${randomBytes(4).toString('hex')}`;
const run = async (cwd: string, daemon: TestDaemon = host.daemon, args: string[] = []) => {
  const { code, stdout, stderr } = await daemon.cli(['run', 'w', ...args], { cwd });
  return { code, stdout, stderr };
};
const environments = (daemon: TestDaemon = host.daemon): Promise<Environment[]> => daemon.json<Environment[]>(['env', 'list']);
const keyOf = async (cwd: string, daemon: TestDaemon = host.daemon): Promise<string> =>
  (await daemon.json<RunDetail>(['ps', (await lastRun(daemon, cwd)).name], { cwd })).environmentKey ?? '';

/** An image like the tiny one, with more in its configuration. */
const imageWith = (...changes: string[]): Promise<string> => imageFrom(tinyImage, ...changes);

async function imageFrom(image: string, ...changes: string[]): Promise<string> {
  const engine = host.daemon.engine;
  const name = `made-${randomBytes(4).toString('hex')}`;
  const created = await engineRequest(engine, 'POST', `/containers/create?name=${name}`, { body: { Image: image } });
  const { Id } = JSON.parse(created.body) as { Id: string };
  const query = new URLSearchParams({ container: Id, repo: 'dstack-test/made', tag: name });
  for (const change of changes) query.append('changes', change);
  await engineRequest(engine, 'POST', `/commit?${query.toString()}`);
  await engineRequest(engine, 'DELETE', `/containers/${Id}`);
  made.push(`dstack-test/made:${name}`);
  return `dstack-test/made:${name}`;
}
const made: string[] = [];
afterAll(async () => {
  for (const image of made)
    await engineRequest(process.env['DOCKER_HOST'] ?? '', 'DELETE', `/images/${image}?force=1`, { expected: [404, 409] });
});

/** Lets the build under way that waits for /tmp/go go on; no other one is. */
async function letGo(daemon: TestDaemon): Promise<void> {
  const label = ['dstack.kind=environment', `dstack.installation=${(await daemon.status())?.installation}`];
  const builds = () => engineJson<{ Id: string }[]>(daemon.engine, `/containers/json?${filters({ label })}`);
  const [build, ...others] = await waitFor(async () => {
    const found = await builds();
    return found.length > 0 && found;
  }, 'the build to run');
  expect(others).toEqual([]);
  const made = await engineRequest(daemon.engine, 'POST', `/containers/${build?.Id}/exec`, { body: { Cmd: ['touch', '/tmp/go'] } });
  await engineRequest(daemon.engine, 'POST', `/exec/${(JSON.parse(made.body) as { Id: string }).Id}/start`, { body: { Detach: true } });
}

describe('an environment', () => {
  test('is built by the first run, its output first, and the next ones start from it', async () => {
    const requirements = unique();
    const cwd = await projectOf({ requirements, commands: ['cat /installed', 'echo work'] });
    expect(await run(cwd)).toMatchObject({ code: 0, stdout: `pip install -r needs.txt\n${requirements}work\n` });
    expect(await run(cwd)).toMatchObject({ code: 0, stdout: `${requirements}work\n` });
    const key = await keyOf(cwd);
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect((await environments()).find((one) => one.key === key)).toMatchObject({
      image: tinyImage,
      requirements: 'needs.txt',
      commands: ['pip install -r needs.txt'],
      host: 'local',
      runs: [],
    });
    await untilNothingIsLeft(host.daemon);
  });

  test('is built anew for an edited requirements file, and not for an edited program', async () => {
    const cwd = await projectOf({ requirements: unique(), commands: ['cat program.txt'] }, { 'program.txt': 'one\n' });
    await run(cwd);
    const first = await keyOf(cwd);
    writeFileSync(join(cwd, 'program.txt'), 'two\n');
    expect(await run(cwd)).toMatchObject({ stdout: 'two\n' });
    expect(await keyOf(cwd)).toBe(first);
    writeFileSync(join(cwd, 'needs.txt'), unique());
    expect((await run(cwd)).stdout).toBe('pip install -r needs.txt\ntwo\n');
    expect(await keyOf(cwd)).not.toBe(first);
  });

  test('counts the content of the files that its requirements and its set-up name', async () => {
    const cwd = await projectOf(
      { requirements: '-r more/base.txt\n', setup: ['sh tools/setup.sh'] },
      { 'more/base.txt': '-c limits.txt\n', 'more/limits.txt': unique(), 'tools/setup.sh': `echo set up; echo ${unique()} >/set-up\n` },
    );
    expect((await run(cwd)).stdout).toBe('pip install -r needs.txt\nset up\nwork\n');
    writeFileSync(join(cwd, 'tools/setup.sh'), `echo set up again; echo ${unique()} >/set-up\n`);
    // what is installed is another environment, which stands
    expect((await run(cwd)).stdout).toBe('set up again\nwork\n');
    writeFileSync(join(cwd, 'more/limits.txt'), unique());
    expect((await run(cwd)).stdout).toBe('pip install -r needs.txt\nset up again\nwork\n');
  });

  test('leaves the image as it was but for what was installed', async () => {
    const image = await imageWith('CMD ["echo", "own command"]', 'WORKDIR /var', 'EXPOSE 8080', 'ENV OWN=1');
    const cwd = await projectOf({ image, requirements: unique(), more: '' });
    const key = await run(cwd).then(() => keyOf(cwd));
    const config = async (reference: string) =>
      (await engineJson<{ Config: Record<string, unknown> }>(host.daemon.engine, `/images/${reference}/json`)).Config;
    const [before, after] = await Promise.all([config(image), config(`dstack-environment:${key}`)]);
    const { Labels: _, Entrypoint: noEntrypoint, ...own } = before;
    const { Labels: labels, Entrypoint: entrypoint, ...same } = after;
    expect(same).toEqual(own);
    expect([noEntrypoint ?? [], entrypoint ?? []]).toEqual([[], []]);
    expect(labels).toMatchObject({ 'dstack.environment': key, 'dstack.installation': '', 'dstack.kind': 'environment' });
  });
});

describe('metadata that an editable install leaves in the workspace', () => {
  const pip = (image: string): string => `#!/bin/sh\necho "pip $*"\nmkdir -p /workflow/my_pkg.egg-info ${image}\n`;
  test.each([
    ['is left there where the image has it, too', '/site/my_pkg-1.0.dist-info', 'none\n'],
    [
      'is made in every job where the image only refers to it',
      '/site/my-pkg.egg-link',
      'pip install -r needs.txt\n/workflow/my_pkg.egg-info\n',
    ],
  ])('%s', async (_what, inImage, later) => {
    const cwd = await projectOf(
      { requirements: unique(), commands: ['ls -d /workflow/my_pkg.egg-info 2>/dev/null || echo none'] },
      { 'bin/pip': pip(inImage) },
    );
    await run(cwd);
    expect((await run(cwd)).stdout).toBe(later);
  });
});

describe('a set-up', () => {
  test.each(['bash', 'docker'] as const)('%s: what it leaves in its shell holds for the commands of every run', async (provider) => {
    const cwd = await projectOf(
      {
        provider,
        image: tinyImage,
        setup: [
          `echo ${unique()} >/set-up`,
          'export TEXT="two  words\nand a line"',
          'plain=unexported',
          'greet() { echo "hello $plain"; }',
          'unset DROPPED',
          'cd sub',
        ],
        commands: ['echo "$TEXT"', 'greet', 'pwd', 'echo ${DROPPED-none}'],
        more: '',
      },
      { 'sub/x': '' },
    );
    const all = 'two  words\nand a line\nhello unexported\n/workflow/sub\nnone\n';
    expect(await run(cwd, host.daemon, ['-e', 'DROPPED=1'])).toMatchObject({ stdout: all });
    expect(await run(cwd, host.daemon, ['-e', 'DROPPED=1'])).toMatchObject({ stdout: all });
  });

  test('that only exports needs no image, and is not run again', async () => {
    const name = unique();
    const cwd = await projectOf({ setup: [`echo once; export A=${name}`], commands: ['echo $A'] });
    expect((await run(cwd)).stdout).toBe(`once\n${name}\n`);
    expect((await run(cwd)).stdout).toBe(`${name}\n`);
    const key = await keyOf(cwd);
    const found = await engineJson<unknown[]>(host.daemon.engine, `/images/json?${filters({ label: [`dstack.environment=${key}`] })}`);
    expect(found).toEqual([]);
    expect((await environments()).find((one) => one.key === key)).toMatchObject({ size: 0 });
  });

  test.each([
    [
      'writes into the workspace',
      ['echo up', 'echo made >made.txt'],
      ['cat made.txt'],
      'made\n',
      '',
      'it changes the workspace (made.txt)',
    ],
    [
      'makes a folder of the project anew',
      ['echo up', 'rm -rf /workflow/bin && mkdir /workflow/bin'],
      ['ls bin | wc -l'],
      '0\n',
      '',
      'it changes the workspace (bin)',
    ],
    [
      'writes into an artifact',
      ['echo up', 'echo made >out/x'],
      ['cat out/x'],
      'made\n',
      '  artifacts: [out]\n',
      'it writes into an artifact',
    ],
    ['leaves a process running', ['echo up', 'sleep 60 &'], ['jobs -p | wc -l'], '1\n', '', 'it left a process running'],
  ])('that %s runs in every job', async (_what, setup, commands, printed, more, why) => {
    const cwd = await projectOf({ requirements: unique(), setup, commands, more });
    const first = await run(cwd);
    expect(first.stdout).toBe(`pip install -r needs.txt\nup\ndstack: the set-up runs again in every job: ${why}\nup\n${printed}`);
    const key = await keyOf(cwd);
    expect((await environments()).find((one) => one.key === key)).toMatchObject({ again: why });
    expect((await run(cwd)).stdout).toBe(`up\n${printed}`);
    await untilNothingIsLeft(host.daemon);
  });

  test('that speaks of its run is not kept at all', async () => {
    const cwd = await projectOf({ setup: ['echo I am $RUN_NAME'], commands: ['echo work'] });
    await run(cwd);
    const { stdout } = await run(cwd);
    expect(stdout).toBe(`I am ${(await lastRun(host.daemon, cwd)).name}\nwork\n`);
  });

  test('with a command that is none without the next one runs as a whole', async () => {
    const cwd = await projectOf({
      setup: ['if true; then', `echo ${unique()} >/set-up`, 'fi', 'export A=1'],
      commands: ['echo $A; wc -l </set-up'],
    });
    await run(cwd);
    expect((await run(cwd)).stdout).toBe('1\n1\n');
  });

  test('comes before the own program of an image, with what it exports', async () => {
    const image = await imageWith('CMD ["sh", "-c", "echo own $A; cat /set-up"]');
    const name = unique();
    const cwd = await projectOf({ provider: 'docker', image, setup: [`echo ${name} >/set-up`, 'export A=exported'], commands: [] });
    expect((await run(cwd)).stdout).toBe(`own exported\n${name}\n`);
    expect((await run(cwd)).stdout).toBe(`own exported\n${name}\n`);
  });

  test('comes before an entrypoint, which gets the commands alone', async () => {
    const cwd = await projectOf({
      provider: 'docker',
      image: tinyImage,
      setup: [`echo ${unique()} >/set-up`, 'export A=exported'],
      commands: ['echo "$A"; wc -l </set-up'],
      more: '  entrypoint: ["sh", "-c"]\n',
    });
    await run(cwd);
    expect((await run(cwd)).stdout).toBe('exported\n1\n');
  });

  test('is run by the user of the image, and again where it writes into a volume', async () => {
    const image = await imageWith('VOLUME /tmp', 'USER 1000');
    const cwd = await projectOf({ image, setup: ['id -u', 'echo here >/tmp/x'], commands: ['cat /tmp/x'] });
    const { stdout } = await run(cwd);
    expect(stdout).toMatch(/^1000\ndstack: the set-up runs again in every job: it wrote \/tmp.*volume.*\n1000\nhere\n$/);
    expect((await run(cwd)).stdout).toBe('1000\nhere\n');
  });
});

describe('a build that fails', () => {
  test('fails its run with the command and its exit code, keeps the output, and leaves nothing', async () => {
    const before = (await environments()).length;
    const cwd = await projectOf({ setup: [`echo begun ${unique()}`, 'echo half >/half; (exit 7)', 'echo never'], more: '  retry: 3\n' });
    const { code, stdout } = await run(cwd);
    expect({ code, stdout }).toMatchObject({ code: 7, stdout: expect.stringMatching(/^begun \S+\n$/) });
    expect(await lastRun(host.daemon, cwd)).toMatchObject({
      status: 'failed',
      exitCode: 7,
      attempt: 1,
      reason: 'the environment could not be built: `echo half >/half; (exit 7)` ended with exit code 7',
    });
    await untilNothingIsLeft(host.daemon);
    expect(await environments()).toHaveLength(before);
  });

  test('says what pip said of requirements that cannot be had', async () => {
    const cwd = await projectOf({ requirements: 'nothing-like-it' });
    const { code, stdout } = await run(cwd);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'pip install -r needs.txt\nERROR: No matching distribution found\n' });
    expect(await lastRun(host.daemon, cwd)).toMatchObject({
      reason: expect.stringContaining('`pip install -r needs.txt` ended with exit code 1'),
    });
  });

  test('is refused before, with the path, where a requirements file is not there', async () => {
    const cwd = await projectOf({ requirements: '-r more/gone.txt\n' });
    const { code, stderr } = await run(cwd);
    expect(code).toBe(1);
    expect(stderr).toContain("The file 'more/gone.txt' that 'needs.txt' takes in does not exist");
  });

  test('that takes longer than max_duration ends its run, and nothing is left', async () => {
    const cwd = await projectOf({ setup: [`echo ${unique()}; sleep 60`], more: '  max_duration: 1s\n' });
    expect((await run(cwd)).code).toBe(1);
    expect(await lastRun(host.daemon, cwd)).toMatchObject({
      status: 'failed',
      startedAt: null,
      reason: 'its environment took longer to build than its max_duration',
    });
    await untilNothingIsLeft(host.daemon);
  });

  test('is refused before where the snapshot leaves a requirements file out', async () => {
    const cwd = await projectOf({ requirements: unique() }, { '.dstackignore': 'needs.txt\n' });
    const { code, stderr } = await run(cwd);
    expect(code).toBe(1);
    expect(stderr).toContain("The requirements 'needs.txt' are not among the files that a run gets");
    writeFileSync(join(cwd, '../beside.txt'), '');
    const outside = await run(cwd, host.daemon, ['-r', '../beside.txt']);
    rmSync(join(cwd, '../beside.txt'));
    expect(outside).toMatchObject({ code: 1, stderr: expect.stringContaining("The requirements '../beside.txt' are not in the project") });
  });

  test('that is stopped ends its run, and nothing is left', async () => {
    const cwd = await projectOf({ setup: [`echo ${unique()}; sleep 60`] });
    const name = (await host.daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
    await waitFor(async () => (await host.daemon.cli(['logs', name], { cwd })).stdout.includes('pkg-'), 'the build to be under way');
    await host.daemon.cli(['stop', name, '-y'], { cwd });
    expect(await untilStatus(host.daemon, cwd, name, ...ended)).toMatchObject({ status: 'stopped' });
    await untilNothingIsLeft(host.daemon);
  });
});

describe('secrets', () => {
  test('can be used in a build, are masked in its output and stand nowhere in the image', async () => {
    const cwd = await projectOf({
      setup: [
        'echo "the token is $TOKEN_OF_TEST and ${{ secrets.TOKEN_OF_TEST }}"',
        `echo ${unique()} >/set-up`,
        'export URL=https://${INDEX}/',
      ],
      commands: ['[ "$URL" = "https://user:$TOKEN_OF_TEST@index/" ] && echo as it should be'],
      more: '',
    });
    const file = join(cwd, '.dstack/workflows.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('$PATH"]', '$PATH", "INDEX=user:${{ secrets.TOKEN_OF_TEST }}@index"]'));
    await host.daemon.cli(['secrets', 'add', 'TOKEN_OF_TEST'], { cwd, input: 'hush-hush-value' });
    const first = await run(cwd);
    expect(first.stdout).toContain('the token is ****** and ******\n');
    expect(first.stdout).toContain('as it should be');
    // what it exports holds the secret: so it runs in the job
    expect((await run(cwd)).stdout).toBe('the token is ****** and ******\nas it should be\n');
    const kept = await projectOf({
      setup: [`echo $TOKEN_OF_TEST | wc -c >/set-up; echo ${unique()}`, 'export A=1'],
      commands: ['cat /set-up'],
    });
    await host.daemon.cli(['secrets', 'add', 'TOKEN_OF_TEST'], { cwd: kept, input: 'hush-hush-value' });
    await run(kept);
    expect((await run(kept)).stdout).toBe('16\n');
    await host.daemon.cli(['secrets', 'add', 'TOKEN_OF_TEST', '-f'], { cwd: kept, input: 'hush-hush-value-2' });
    expect((await run(kept)).stdout).toContain('\n18\n');
    await host.daemon.cli(['secrets', 'add', 'TOKEN_OF_TEST', '-f'], { cwd: kept, input: 'hush-hush-value' });
    expect((await run(kept)).stdout).toBe('16\n');
    const reference = `dstack-environment:${await keyOf(kept)}`;
    const image = await engineRequest(host.daemon.engine, 'GET', `/images/${reference}/json`);
    const history = await engineRequest(host.daemon.engine, 'GET', `/images/${reference}/history`);
    expect(image.body + history.body).not.toMatch(/hush-hush-value|TOKEN_OF_TEST=/);
    await untilNothingIsLeft(host.daemon);
  });
});

test('another run behind a dep is another environment', async () => {
  const cwd = await projectOf({
    setup: ['cat made/x >/set-up', 'echo up'],
    commands: ['cat /set-up'],
    more: '  deps: [m]\n- name: m\n  provider: bash\n  commands: ["echo $RUN_NAME >made/x"]\n  artifacts: [made]\n',
  });
  for (let i = 0; i < 2; i++) {
    expect(await host.daemon.cli(['run', 'm'], { cwd })).toMatchObject({ code: 0 });
    const { name } = await lastRun(host.daemon, cwd);
    expect((await run(cwd)).stdout).toBe(`up\n${name}\n`);
  }
});

describe('two runs at once', () => {
  test('build it once, and the one that waits says for whom', async () => {
    const cwd = await projectOf({
      setup: [`echo built ${unique()}; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo done >/set-up`],
      commands: ['cat /set-up'],
    });
    const names = await Promise.all([1, 2].map(async () => (await host.daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim()));
    const reasons = async () =>
      (await Promise.all(names.map((name) => host.daemon.json<RunDetail>(['ps', name], { cwd })))).map(({ reason }) => reason ?? '');
    const waiting = await waitFor(
      async () => (await reasons()).find((reason) => reason.startsWith('waits for the environment that')),
      'one of them to wait',
    );
    expect(names.some((name) => waiting === `waits for the environment that ${name} builds`)).toBe(true);
    await letGo(host.daemon);
    for (const name of names) expect(await untilStatus(host.daemon, cwd, name, ...ended)).toMatchObject({ status: 'done' });
    const logs = await Promise.all(names.map(async (name) => (await host.daemon.cli(['logs', name], { cwd })).stdout));
    expect(logs.filter((log) => log.startsWith('built'))).toHaveLength(1);
    expect(logs.every((log) => log.endsWith('done\n'))).toBe(true);
  });
});

describe('a daemon that was killed during a build', () => {
  test('is followed by one that goes on with it: its output is in the log once', async () => {
    await using daemon = await startDaemon();
    const cwd = await projectOf({
      setup: ['echo begun', 'while [ ! -e /tmp/go ]; do sleep 0.1; done', 'echo over; echo x >/set-up'],
      commands: ['echo work'],
    });
    const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
    await waitFor(async () => (await daemon.cli(['logs', name], { cwd })).stdout === 'begun\n', 'the build to be under way');
    await daemon.kill();
    await daemon.start();
    await letGo(daemon);
    expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'done' });
    expect((await daemon.cli(['logs', name], { cwd })).stdout).toBe('begun\nover\nwork\n');
    await untilNothingIsLeft(daemon);
  });

  test('is followed by one that removes it where its run was stopped meanwhile', async () => {
    await using daemon = await startDaemon();
    const cwd = await projectOf({ setup: ['echo begun; sleep 60'], commands: ['echo work'] });
    const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
    await waitFor(async () => (await daemon.cli(['logs', name], { cwd })).stdout === 'begun\n', 'the build to be under way');
    await daemon.kill();
    await daemon.start();
    await daemon.cli(['stop', name, '-y'], { cwd });
    expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'stopped' });
    await untilNothingIsLeft(daemon);
  });
});

test.each(['graceful', 'kill'] as const)(
  'a build that a restart of the engine (%s) cuts off begins again, and has not failed',
  async (how) => {
    await using engine = await startEngine();
    await using daemon = await startDaemon({ engine: engine.host });
    const setup = ['echo begun; echo half >/set-up', 'while [ ! -e /tmp/go ]; do sleep 0.1; done', 'echo over; echo whole >/set-up'];
    const cwd = await projectOf({ setup, commands: ['cat /set-up'] });
    const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
    const log = async (): Promise<string> => (await daemon.cli(['logs', name], { cwd })).stdout;
    await waitFor(async () => (await log()) === 'begun\n', 'the build to be under way');
    await engine.restart(how);
    await waitFor(async () => (await log()).endsWith('again\nbegun\n'), 'the build to be under way again', { seconds: 60 });
    await letGo(daemon);
    expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'done', attempt: 1 });
    // an engine that starts again sends SIGTERM to what it finds running; the shell says so
    expect((await log()).replace('Terminated\n', '')).toBe(
      'begun\ndstack: the host or its container engine was restarted: the environment is built again\nbegun\nover\nwhole\n',
    );
    expect(await environments(daemon)).toHaveLength(1);
    await untilNothingIsLeft(daemon);
  },
);

describe('the verbs of environments', () => {
  test('a restart starts from the very one, or builds it again where it is gone', async () => {
    const cwd = await projectOf({ requirements: unique(), commands: ['echo work'] });
    await run(cwd);
    const [{ name }, key] = [await lastRun(host.daemon, cwd), await keyOf(cwd)];
    writeFileSync(join(cwd, 'needs.txt'), unique());
    const again = async () => {
      const made = (await host.daemon.cli(['restart', name, '-d'], { cwd })).stdout.trim();
      await untilStatus(host.daemon, cwd, made, ...ended);
      return { log: (await host.daemon.cli(['logs', made], { cwd })).stdout, key: await keyOf(cwd) };
    };
    expect(await again()).toEqual({ log: 'work\n', key });
    expect(await host.daemon.cli(['env', 'rm', key.slice(0, 12)])).toMatchObject({ code: 0, stdout: `${key.slice(0, 12)} removed\n` });
    expect(await again()).toEqual({ log: 'pip install -r needs.txt\nwork\n', key });
  });

  test('an image that somebody builds upon one is theirs; none is taken by its name', async () => {
    const cwd = await projectOf({ requirements: unique() });
    await run(cwd);
    const key = await keyOf(cwd);
    const upon = await imageFrom(`dstack-environment:${key}`);
    expect((await environments()).filter((one) => one.key === key)).toHaveLength(1);
    const { Id } = await engineJson<{ Id: string }>(host.daemon.engine, `/images/${upon}/json`);
    // without a name, too
    await engineRequest(host.daemon.engine, 'POST', `/images/${tinyImage}/tag?repo=${upon.replace(':', '&tag=')}`);
    await host.daemon.cli(['gc']);
    expect(await engineJson(host.daemon.engine, `/images/${Id}/json`)).toMatchObject({ Id });
    made.push(Id);
    const { code, stderr } = await host.daemon.cli(['run', 'docker', `dstack-environment:${key}`, '-c', 'true'], { cwd });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('is a cached environment') });
  });

  test('one in use stays; unknown keys are said', async () => {
    const cwd = await projectOf({
      requirements: unique(),
      commands: ['while [ ! -e out/go ]; do sleep 0.1; done'],
      more: '  artifacts: [out]\n',
    });
    const name = (await host.daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
    await untilStatus(host.daemon, cwd, name, 'running');
    const key = await keyOf(cwd);
    expect((await environments()).find((one) => one.key === key)).toMatchObject({ runs: [name] });
    const { code, stderr } = await host.daemon.cli(['env', 'rm', key]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `${key.slice(0, 12)} stays: ${name} starts from it\n` });
    await host.daemon.cli(['stop', name, '-y'], { cwd });
    await untilStatus(host.daemon, cwd, name, ...ended);
    expect(await host.daemon.cli(['env', 'rm', 'zzz'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("There is no environment 'zzz'"),
    });
  });

  test('build makes one without running anything else, and ends with the exit code of what failed', async () => {
    const cwd = await projectOf({ requirements: unique(), commands: ['echo never'], more: '  artifacts: [out]\n  resources: {gpu: 1}\n' });
    const { code, stdout, stderr } = await host.daemon.cli(['env', 'build', 'w'], { cwd });
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'pip install -r needs.txt\n' });
    expect(await lastRun(host.daemon, cwd)).toMatchObject({ status: 'done', artifacts: [], gpus: [] });
    const fails = await projectOf({ setup: [`echo ${unique()}; exit 5`] });
    expect((await host.daemon.cli(['env', 'build', 'w'], { cwd: fails })).code).toBe(5);
    const nothing = await projectOf({});
    expect((await host.daemon.cli(['env', 'build', 'w'], { cwd: nothing })).stderr).toContain('starts from its image as it is');
  });

  test('those used least recently go above the limit, and gc frees downloads', async () => {
    await using daemon = await startDaemon({ config: { environments: { max_size: '3KB' }, retention: { downloads: '0s' } } });
    const make = async () => {
      const cwd = await projectOf({
        setup: [`echo ${unique()}; head -c 2000 /dev/zero >/set-up; mkdir -p $PIP_CACHE_DIR; echo wheel >$PIP_CACHE_DIR/x`],
      });
      await run(cwd, daemon);
      return keyOf(cwd, daemon);
    };
    const [first, second] = [await make(), await make()];
    await waitFor(async () => (await environments(daemon)).every(({ key }) => key !== first), 'the older one to go');
    expect((await environments(daemon)).map(({ key }) => key)).toEqual([second]);
    const uses = await daemon.json<DiskUse[]>(['df']);
    expect(uses.find(({ kind }) => kind === 'environments')).toMatchObject({ bytes: 2000, items: 1 });
    expect(uses.find(({ kind }) => kind === 'downloads')?.reclaimable).toBeGreaterThan(0);
    await daemon.cli(['gc']);
    expect((await daemon.json<DiskUse[]>(['df'])).find(({ kind }) => kind === 'downloads')).toMatchObject({ items: 0 });
  });
});
