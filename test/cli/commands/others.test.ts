import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scratchDir } from '../../support/scratch.ts';
import { aRun, daemonDouble, refuse, type DaemonDouble } from '../support/daemon-double.ts';

let daemon: DaemonDouble;
beforeEach(async () => {
  daemon = await daemonDouble();
});
afterEach(() => daemon.close());
const last = (): unknown => daemon.asked.at(-1);
const at = '2026-11-01T10:00:00.000Z';

describe('stop and rm', () => {
  test('take names or --all, and do as told without a terminal', async () => {
    daemon.answers.stop = () => [aRun({ status: 'stopping' }), aRun({ name: 'red-fox-1', status: 'aborted' })];
    expect(await daemon.cli(['stop', 'calm-otter-3', 'red-fox-1', '-x'])).toEqual({
      code: 0,
      stdout: 'calm-otter-3 stopping\nred-fox-1 aborted\n',
      stderr: '',
    });
    expect(last()).toMatchObject({ params: { names: ['calm-otter-3', 'red-fox-1'], abort: true, projectDir: daemon.home } });
    await daemon.cli(['stop', '-a']);
    expect(last()).toMatchObject({ params: { all: true } });
    daemon.answers.rm = () => ({ removed: ['calm-otter-3'] });
    expect(await daemon.cli(['rm', '-a', '-y'])).toEqual({ code: 0, stdout: 'calm-otter-3 removed\n', stderr: '' });
    expect(JSON.parse((await daemon.cli(['rm', 'calm-otter-3', '--json'])).stdout)).toEqual({ removed: ['calm-otter-3'] });
    expect((await daemon.cli(['rm', 'x', '-a'])).code).toBe(2);
  });
});

describe('logs', () => {
  beforeEach(() => {
    daemon.answers.run = ({ name }) => (name === 'calm-otter-3' ? aRun() : refuse('no_such_run', `Cannot find the run '${String(name)}'`));
  });
  test('ends with what is there, whatever became of the run', async () => {
    let query = '';
    daemon.logs = (log, asked) => {
      query = asked.toString();
      log.tell({ type: 'offset', offset: 0, attempt: 1 });
      void log.bytes('a\r\nb');
      log.tell({ type: 'end', run: aRun({ status: 'failed', exitCode: 3 }) });
    };
    expect(await daemon.cli(['logs', 'calm-otter-3', '-s', '2026-11-01T10:00:00Z'])).toEqual({ code: 0, stdout: 'a\nb', stderr: '' });
    expect(query).toBe('since=2026-11-01T10%3A00%3A00.000Z');
    await daemon.cli(['logs', '-f', 'calm-otter-3']);
    expect(query).toBe('follow=1');
  });
  test('refuses what is no time and what is no run', async () => {
    expect(await daemon.cli(['logs', 'calm-otter-3', '-s', 'soon'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("not 'soon'"),
    });
    expect(await daemon.cli(['logs', 'nope'])).toMatchObject({ code: 1, stderr: "Cannot find the run 'nope'\n" });
  });
  test('whoever reads a part of it ends it', async () => {
    daemon.logs = (log) => {
      log.tell({ type: 'offset', offset: 0, attempt: 1 });
      for (let i = 0; i < 500; i++) void log.bytes('x'.repeat(1023) + '\n');
    };
    const { command } = await import('../../support/command.ts');
    const { cliMain, node } = await import('../support/daemon-double.ts');
    const done = await command('/bin/bash', ['-c', `"${node}" "${cliMain}" logs -f calm-otter-3 | head -c 4; echo " \${PIPESTATUS[0]}"`], {
      env: daemon.env,
      cwd: daemon.home,
    });
    expect(done).toEqual({ code: 0, stdout: 'xxxx 141\n', stderr: '' });
  });
});

describe('artifacts', () => {
  test('list', async () => {
    const files = [
      { artifact: 'model', file: 'a/weights', size: 7_500_000 },
      { artifact: 'model', file: 'evil\x1b[2J', size: 0 },
      { artifact: '/opt/env', file: 'x', size: 12 },
    ];
    daemon.answers.artifactsList = () => files;
    const { stdout } = await daemon.cli(['artifacts', 'list', ':best']);
    expect(stdout).toBe(
      'ARTIFACT  FILE           SIZE\nmodel     a/weights    7.5 MB\n          evil\\x1b[2J     0 B\n/opt/env  x              12 B\n',
    );
    expect(JSON.parse((await daemon.cli(['artifacts', 'list', ':best', '--json'])).stdout)).toEqual(files);
    expect(last()).toMatchObject({ params: { target: ':best', projectDir: daemon.home } });
  });
});

describe('tags', () => {
  const tag = { tag: 'best', run: 'calm-otter-3', workflow: 'train', project: 'lab/mnist', artifacts: ['model', 'logs'], createdAt: at };
  test('list is the default', async () => {
    daemon.answers.tagsList = () => [tag];
    const { stdout } = await daemon.cli(['tags']);
    expect(stdout).toMatch(/^TAG {3}RUN {11}WORKFLOW {2}ARTIFACTS {4}CREATED\nbest {2}calm-otter-3 {2}train {5}model, logs {2}.+ago\n$/);
    expect(JSON.parse((await daemon.cli(['tags', '--json'])).stdout)).toEqual([tag]);
    expect((await daemon.cli(['tags', 'list'])).stdout).toBe(stdout);
  });
  test('add takes a run or folders, saved under their place in the project', async () => {
    daemon.answers.tagsAdd = () => tag;
    mkdirSync(join(daemon.home, '.dstack'), { recursive: true });
    writeFileSync(join(daemon.home, '.dstack/workflows.yaml'), 'workflows: []\n');
    mkdirSync(join(daemon.home, 'sub/data'), { recursive: true });
    expect(await daemon.cli(['tags', 'add', ':best', 'calm-otter-3', '--force'])).toMatchObject({
      code: 0,
      stdout: 'best is calm-otter-3\n',
    });
    expect(last()).toMatchObject({ params: { tag: 'best', run: 'calm-otter-3', force: true } });
    const outside = scratchDir('o');
    await daemon.cli(['tags', 'add', 'data', '-a', 'data', '-a', outside], { cwd: join(daemon.home, 'sub') });
    expect(last()).toMatchObject({
      params: {
        projectDir: daemon.home,
        dirs: [
          { source: join(daemon.home, 'sub/data'), path: 'sub/data' },
          { source: outside, path: outside },
        ],
      },
    });
    for (const wrong of [['x'], ['x', 'run', '-a', 'sub'], ['x', '-a', 'nope'], ['x', '-a', '.']])
      expect((await daemon.cli(['tags', 'add', ...wrong])).code, wrong.join(' ')).toBe(2);
  });
  test('one that exists is a failure without a terminal', async () => {
    daemon.answers.tagsAdd = () => refuse('tag_exists', "The tag 'best' already exists", { hint: 'Move it with: --force' });
    expect(await daemon.cli(['tags', 'add', 'best', 'x'])).toEqual({
      code: 1,
      stdout: '',
      stderr: "The tag 'best' already exists\nMove it with: --force\n",
    });
  });
  test('delete', async () => {
    daemon.answers.tagsDelete = ({ tag: name }) => ({ deleted: name });
    expect(await daemon.cli(['tags', 'delete', ':best'])).toEqual({ code: 0, stdout: 'best deleted\n', stderr: '' });
  });
});

describe('secrets', () => {
  test('the value comes from stdin or the command line', async () => {
    daemon.answers.secretsAdd = ({ name }) => ({ name, createdAt: at });
    expect(await daemon.cli(['secrets', 'add', 'HF'], { input: 'two\nlines\n' })).toEqual({ code: 0, stdout: 'HF added\n', stderr: '' });
    expect(last()).toMatchObject({ params: { name: 'HF', value: 'two\nlines' } });
    await daemon.cli(['secrets', 'add', 'HF', 'v', '-f']);
    expect(last()).toMatchObject({ params: { value: 'v', force: true } });
    expect(await daemon.cli(['secrets', 'add', 'HF'], { input: '\n' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('needs a value'),
    });
  });
  test('list and delete', async () => {
    daemon.answers.secretsList = () => [{ name: 'HF', createdAt: at }];
    daemon.answers.secretsDelete = ({ name }) => ({ deleted: name });
    expect((await daemon.cli(['secrets'])).stdout).toMatch(/^NAME {2,}CREATED\nHF {3,}.+ago\n$/);
    expect((await daemon.cli(['secrets', 'delete', 'HF'])).stdout).toBe('HF deleted\n');
  });
});

test('df and gc', async () => {
  daemon.answers.df = () => [{ kind: 'artifacts', bytes: 1.5e9, reclaimable: 2e6, items: 12 }];
  daemon.answers.gc = () => [
    { kind: 'trees', bytes: 1e6, items: 2 },
    { kind: 'logs', bytes: 0, items: 0 },
  ];
  expect((await daemon.cli(['df'])).stdout).toBe('KIND         SIZE  RECLAIMABLE  ITEMS\nartifacts  1.5 GB         2 MB     12\n');
  expect((await daemon.cli(['gc', '--dry-run'])).stdout).toBe('KIND   WOULD FREE  ITEMS\ntrees        1 MB      2\n');
  expect(last()).toMatchObject({ params: { dryRun: true } });
  expect(JSON.parse((await daemon.cli(['gc', '--json'])).stdout)).toHaveLength(2);
  daemon.answers.gc = () => [];
  expect((await daemon.cli(['gc'])).stdout).toBe('There is nothing to free.\n');
});

describe('daemon', () => {
  const status = {
    pid: 42,
    version: '0.1.0',
    apiVersion: 1,
    home: '/h',
    installation: 'i',
    startedAt: at,
    engine: { reachable: false, endpoint: 'unix:///x', version: null },
    unfinishedRuns: 2,
  };
  test('status', async () => {
    daemon.answers.daemonStatus = () => status;
    expect((await daemon.cli(['daemon', 'status'])).stdout).toBe(
      'The daemon runs (process 42, dstack 0.1.0) since 2026-11-01 10:00:00.\nHome    /h\nEngine  unix:///x, does not answer\nRuns    2 unfinished\n',
    );
    expect(JSON.parse((await daemon.cli(['daemon', 'status', '--json'])).stdout)).toEqual(status);
    daemon.version = '99.0.0'; // one may look at, and stop, a newer one
    expect((await daemon.cli(['daemon', 'status'])).code).toBe(0);
    await daemon.close();
    expect(await daemon.cli(['daemon', 'status'])).toEqual({ code: 1, stdout: 'The daemon is not running.\n', stderr: '' });
    expect(JSON.parse((await daemon.cli(['daemon', 'status', '--json'])).stdout)).toEqual({ pid: null, home: daemon.home });
  });
  test('start finds the one that runs, stop waits until it has gone', async () => {
    daemon.answers.daemonStatus = () => status;
    daemon.answers.daemonStop = () => {
      setTimeout(() => void daemon.close(), 100);
      return { stopping: true };
    };
    expect((await daemon.cli(['daemon', 'start'])).stdout).toBe('The daemon runs (process 42).\n');
    expect((await daemon.cli(['daemon', 'stop'])).stdout).toBe('The daemon has stopped.\n');
    expect(await daemon.cli(['daemon', 'stop'])).toEqual({ code: 0, stdout: 'The daemon was not running.\n', stderr: '' });
  });
  test('logs', async () => {
    expect(await daemon.cli(['daemon', 'logs'])).toMatchObject({ code: 1, stderr: expect.stringContaining('daemon.log: ENOENT') });
    const lines = [
      'old',
      '{"level":40,"time":1793527200000,"pid":1,"hostname":"h","run":"calm-otter-3","msg":"slow\\u001b[2J"}',
      'dstackd: why',
      '{not json',
    ];
    writeFileSync(join(daemon.home, 'daemon.log'), `${lines.join('\n')}\n`);
    expect((await daemon.cli(['daemon', 'logs', '-n', '3'])).stdout).toBe(
      '2026-11-01 10:00:00 warn slow\\x1b[2J run=calm-otter-3\ndstackd: why\n{not json\n',
    );
    expect((await daemon.cli(['daemon', 'logs', '--json'])).stdout).toBe(`${lines.join('\n')}\n`);
  });
});

describe('doctor', () => {
  test('prints the checks, and fails when one is an error', async () => {
    const checks = [
      { name: 'engine', status: 'ok', message: 'Docker 28', fix: null },
      { name: 'disk', status: 'warning', message: '2 GB free', fix: 'dstack gc' },
    ];
    daemon.answers.doctor = () => checks;
    expect(await daemon.cli(['doctor'])).toEqual({ code: 0, stdout: '✓ engine: Docker 28\n! disk: 2 GB free\n  dstack gc\n', stderr: '' });
    daemon.answers.doctor = () => [...checks, { name: 'git', status: 'error', message: 'none', fix: 'apt-get install git' }];
    expect(await daemon.cli(['doctor', '--json'])).toMatchObject({ code: 1, stdout: expect.stringContaining('"apt-get install git"') });
  });
  test('says what it can when there is no daemon to ask', async () => {
    const home = join(scratchDir('x'), 'file');
    writeFileSync(home, '');
    const done = await daemon.cli(['doctor'], {
      env: { DSTACK_HOME: home, DOCKER_HOST: 'unix:///nonexistent.sock', PATH: '/nonexistent' },
    });
    expect(done.code).toBe(1);
    expect(done.stdout).toContain(`✗ daemon: Cannot use ${home}`);
    expect(done.stdout).toContain('✗ git: There is no git on the PATH.\n  Install it: apt-get install git\n');
    expect(done.stdout).toContain('✗ engine: There is no Docker Engine at /nonexistent.sock.');
  });
});

describe('what needs no daemon', () => {
  let project: string;
  beforeEach(() => {
    project = scratchDir('p');
  });
  const write = (text: string): void => {
    mkdirSync(join(project, '.dstack'), { recursive: true });
    writeFileSync(join(project, '.dstack/workflows.yaml'), text);
  };
  afterEach(() => expect(daemon.asked).toEqual([]));

  test('init makes a project that checks, once, and names it', async () => {
    expect(await daemon.cli(['check'], { cwd: project })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('`dstack init` makes one here.'),
    });
    const done = await daemon.cli(['init', '--name', 'lab/mnist'], { cwd: project });
    expect(done).toEqual({
      code: 0,
      stdout: `The project is lab/mnist, in ${project}.\nIts first workflow is in .dstack/workflows.yaml: \`dstack run hello\` runs it.\n`,
      stderr: '',
    });
    expect(readFileSync(join(project, '.dstack/name'), 'utf8')).toBe('lab/mnist\n');
    expect(await daemon.cli(['check'], { cwd: project })).toEqual({ code: 0, stdout: '', stderr: '1 workflow, nothing wrong.\n' });
    write('workflows: []\n');
    mkdirSync(join(project, 'sub'));
    expect(JSON.parse((await daemon.cli(['init', '--json'], { cwd: join(project, 'sub') })).stdout)).toEqual({
      project: 'lab/mnist',
      projectDir: project,
      created: null,
    });
    expect(readFileSync(join(project, '.dstack/workflows.yaml'), 'utf8')).toBe('workflows: []\n');
    expect((await daemon.cli(['init', '--name', 'nope'], { cwd: project })).code).toBe(2);
  });

  test('the commented example of init is right, too', async () => {
    await daemon.cli(['init'], { cwd: project });
    write(readFileSync(join(project, '.dstack/workflows.yaml'), 'utf8').replace(/^ {2}# /gm, '  '));
    expect(await daemon.cli(['check'], { cwd: project })).toMatchObject({ code: 0, stderr: '2 workflows, nothing wrong.\n' });
  });

  test('check points at what is wrong, in projects and files', async () => {
    write('workflows:\n  - name: train\n    provider: bash\n    commands: [ls]\n    artifiacts: [x]\n');
    const done = await daemon.cli(['check'], { cwd: project });
    expect(done.code).toBe(1);
    expect(done.stdout).toContain('.dstack/workflows.yaml:5:5: ');
    expect(done.stderr).toBe('1 problem.\n');
    const [problem] = JSON.parse((await daemon.cli(['check', '--json', join(project, '.dstack/workflows.yaml')])).stdout) as object[];
    expect(problem).toMatchObject({ line: 5, column: 5, severity: 'error', file: join(project, '.dstack/workflows.yaml') });
    expect(await daemon.cli(['check', project])).toMatchObject({ code: 1 });
    expect(await daemon.cli(['check', 'nope.yaml'])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no file') });
  });

  test('check misses files that workflows name', async () => {
    const workflows = `workflows:
  - {name: t, provider: torchrun, script: train.py, requirements: needs.txt, working_dir: src}
  - {name: made, provider: torchrun, file: made.py, before_run: [make made.py]}
  - {name: own, provider: code, extensions: [ms-python.python, ./own.vsix]}
  - {name: elsewhere, provider: torchrun, file: /opt/train.py}
  - {name: mounted, provider: torchrun, file: data/train.py, deps: [':data']}
`;
    write(workflows);
    const missed = async (words: string[] = []) => {
      const { stdout } = await daemon.cli(['check', '--json', ...words], { cwd: project });
      const problems = JSON.parse(stdout) as { line: number; message: string; severity: string }[];
      return problems.map(({ line, message, severity }) => `${line} ${severity} ${/`(.*)`/.exec(message)?.[1]}`);
    };
    const missing = ['2 error src/train.py', '2 error src/needs.txt', '3 hint made.py', '4 error own.vsix'];
    expect(await missed()).toEqual(missing);
    expect(await missed([join(project, '.dstack/workflows.yaml')])).toEqual(missing);
    mkdirSync(join(project, 'src'));
    for (const file of ['src/train.py', 'src/needs.txt', 'own.vsix']) writeFileSync(join(project, file), '');
    expect(await missed()).toEqual(['3 hint made.py']);
  });

  test('schema and config', async () => {
    expect(JSON.parse((await daemon.cli(['schema'])).stdout)).toMatchObject({ title: 'dstack workflows' });
    const path = join(daemon.home, 'config.yaml');
    expect((await daemon.cli(['config'])).stdout).toContain(`# ${path} (not there: these are the defaults)\nimages:\n`);
    writeFileSync(path, 'grace_period: 90s\n');
    expect((await daemon.cli(['config'])).stdout).toContain('\ngrace_period: 1m 30s\n');
    expect(JSON.parse((await daemon.cli(['config', '--json'])).stdout)).toMatchObject({ path, exists: true, values: { gracePeriod: 90 } });
    writeFileSync(path, 'grace_period: [\n');
    expect((await daemon.cli(['config'])).code).toBe(1);
  });

  test('what config prints is a config', async () => {
    const { stdout } = await daemon.cli(['config']);
    const before = (await daemon.cli(['config', '--json'])).stdout;
    writeFileSync(join(daemon.home, 'config.yaml'), stdout);
    expect(JSON.parse((await daemon.cli(['config', '--json'])).stdout)).toEqual({ ...JSON.parse(before), exists: true });
  });

  test('run lists the workflows, and shows one', async () => {
    write(
      'workflows:\n  - name: train\n    help: Trains it\n    provider: bash\n    python: "3.10"\n    deps: [":data", prep]\n    commands: [python train.py, ls]\n    artifacts: [out]\n    resources: {gpu: 2, memory: 16GB}\n',
    );
    const list = await daemon.cli(['run'], { cwd: project });
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toContain('WORKFLOW  PROVIDER  HELP\ntrain     bash      Trains it\n');
    expect(list.stdout).toContain('\ndocker    an image, with its own command or yours: dstack run docker IMAGE');
    const one = (await daemon.cli(['run', 'train', '--help'], { cwd: project })).stdout;
    expect(one).toMatch(
      /^train: Trains it\n {2}Provider {4}bash\n {2}Where {7}\.dstack\/workflows\.yaml:2\n {2}Needs {7}16 GB memory, 2 GPU\n {2}Deps {8}:data\n {14}prep\n {2}Artifacts {3}out\n {2}Image {7}for Python 3\.10\n {2}Commands {4}python train\.py\n {14}ls\n/,
    );
    expect(one).toContain('--gpu <count>');
    write(
      'workflows:\n  - {name: t, provider: torchrun, file: train.py, args: --lr 1, nodes: 2, artifacts_of: all}\n  - {name: l, provider: lab, inactivity_duration: 2h}\n',
    );
    const help = async (name: string): Promise<string> => (await daemon.cli(['run', name, '--help'], { cwd: project })).stdout;
    expect(await help('t')).toMatch(/\n {2}File {8}train\.py\n {2}Arguments {3}--lr 1\n {2}Nodes {7}2, each node saves its artifacts\n/);
    expect(await help('l')).toMatch(/\n {2}Unused for {2}stopped after 2h\n/);
    write('workflows: [{name: train, provider: bash, commands: [ls]}]\n');
    expect(await daemon.cli(['run', 'tarin', '-h'], { cwd: project })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Did you mean 'train'?"),
    });
    expect((await daemon.cli(['run', '--help'], { cwd: project })).stdout).toContain('Usage: dstack run [OPTIONS] WORKFLOW');
    expect((await daemon.cli(['run', 'docker', '--help'], { cwd: project })).stdout).toContain(
      "Usage: dstack run docker IMAGE [-c 'COMMAND'] [OPTIONS]",
    );
  });
});
