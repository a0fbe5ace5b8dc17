import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { aRun, cliMain, daemonDouble, node, refuse, type DaemonDouble } from '../support/daemon-double.ts';

let daemon: DaemonDouble;
beforeEach(async () => {
  daemon = await daemonDouble({ submit: () => ({ run: aRun({ status: 'queued' }), warnings: [] }) });
});
afterEach(() => daemon.close());

const asked = (): Record<string, unknown> => daemon.asked.find(({ verb }) => verb === 'submit')?.params ?? {};
const ended = (over: Parameters<typeof aRun>[0]) => ({ type: 'end' as const, run: aRun(over) });

describe('what is submitted', () => {
  test('every option becomes its override, and the rest becomes arguments', async () => {
    const line =
      'run -d -t best train -r req.txt -e A=1 -e HERE -a out -a model --dep :data -w src -i --cpu 2 --memory 4GB --gpu 1 --gpu-name A100 --gpu-memory 16GB --shm-size 1GB ' +
      '-p 8000:80 -c one -c two --mount /d:/d:ro --python 3.12 --max-duration 2h --idle-timeout 30m --priority -3 --retry 2 --nodes 4 --lr 0.1 file -- --gpu 9';
    const done = await daemon.cli(line.split(' '), { env: { HERE: 'mine' } });
    expect(done).toEqual({ code: 0, stdout: 'calm-otter-3\n', stderr: '' });
    expect(asked()).toEqual({
      requestId: expect.stringMatching(/^(\w+-){3}\w+$/),
      projectDir: daemon.home,
      target: 'train',
      tag: 'best',
      args: ['--lr', '0.1', 'file', '--gpu', '9'],
      overrides: {
        requirements: 'req.txt',
        env: ['A=1', 'HERE=mine'],
        artifacts: ['out', 'model'],
        deps: [':data'],
        workingDir: 'src',
        interruptible: true,
        cpu: '2',
        memory: '4GB',
        gpu: '1',
        gpuName: 'A100',
        gpuMemory: '16GB',
        shmSize: '1GB',
        ports: '8000:80',
        commands: ['one', 'two'],
        mounts: ['/d:/d:ro'],
        python: '3.12',
        maxDuration: '2h',
        idleTimeout: '30m',
        priority: -3,
        retry: 2,
        nodes: 4,
      },
    });
  });

  test('the first argument of docker is the image, unless a workflow has that name', async () => {
    await daemon.cli(['run', '-d', 'docker', 'ubuntu', '-c', 'nvidia-smi', '--gpu', '1', 'rest']);
    expect(asked()).toMatchObject({ target: 'docker', args: ['rest'], overrides: { image: 'ubuntu', commands: ['nvidia-smi'], gpu: '1' } });
    daemon.asked.length = 0;
    const project = join(daemon.home, 'p');
    mkdirSync(join(project, '.dstack'), { recursive: true });
    mkdirSync(join(project, 'sub'));
    writeFileSync(join(project, '.dstack/workflows.yaml'), 'workflows:\n  - name: docker\n    provider: bash\n    commands: [ls]\n');
    await daemon.cli(['run', '-d', 'docker', 'ubuntu'], { cwd: join(project, 'sub') });
    expect(asked()).toMatchObject({ projectDir: project, args: ['ubuntu'], overrides: {} });
  });

  test('a slip of an option of ours is refused and nothing submitted', async () => {
    const done = await daemon.cli(['run', 'train', '--gpus', '2']);
    expect(done).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'dstack run has no option --gpus. Did you mean --gpu?\nIf it is for the workflow, write it after `--`: dstack run train -- --gpus\n',
    });
    expect(daemon.asked).toEqual([]);
  });

  test('values that no option takes are refused', async () => {
    expect(await daemon.cli(['run', 'train', '--retry', 'x'])).toEqual({
      code: 1,
      stdout: '',
      stderr: '--retry x: this is not a whole number\nFor example --retry 1\n',
    });
    expect(await daemon.cli(['run', 'train', '-e', 'NOT_SET_HERE'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NOT_SET_HERE, which is not set'),
    });
    expect(await daemon.cli(['run', '--gpus', '1', 'train'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Unknown option '--gpus'.\nDid you mean --gpu?\n"),
    });
  });

  test('variables that the daemon asks for are taken from here, and the same request goes again', async () => {
    daemon.answers.submit = (params) =>
      params['env'] ? { run: aRun(), warnings: [] } : refuse('env_needed', 'needs some', { names: ['HF', 'EMPTY'] });
    expect((await daemon.cli(['run', '-d', 'train'], { env: { HF: 's3', EMPTY: '' } })).code).toBe(0);
    const [first, second] = daemon.asked;
    expect(second?.params).toEqual({ ...first?.params, env: { HF: 's3', EMPTY: '' } });
    const unset = await daemon.cli(['run', '-d', 'train'], { env: { EMPTY: '' } });
    expect(unset).toMatchObject({
      code: 1,
      stderr: "'train' takes HF from your environment, where it is not set.\nSet it, or give -e HF=VALUE.\n",
    });
  });

  test('failures are printed with their hint; wrong usage exits with 2', async () => {
    daemon.answers.submit = () => refuse('no_such_tag', "Cannot find the tag 'x'\u001b[31m", { hint: 'There is y.' });
    expect(await daemon.cli(['run', 'train'])).toEqual({ code: 1, stdout: '', stderr: "Cannot find the tag 'x'\\x1b[31m\nThere is y.\n" });
    daemon.answers.submit = () => refuse('usage', 'a file is missing');
    expect((await daemon.cli(['run', 'torchrun', 'a.py'])).code).toBe(2);
  });
});

describe('an attached run', () => {
  test('prints only the job on stdout, in lines, and everything else on stderr', async () => {
    daemon.answers.submit = () => ({ run: aRun(), warnings: ['big snapshot'] });
    daemon.logs = (log) => {
      log.tell({ type: 'run', run: aRun({ status: 'queued', reason: 'second in line' }) });
      // what every run does is not said where it stays
      log.tell({ type: 'run', run: aRun({ status: 'preparing' }) });
      log.tell({ type: 'run', run: aRun({ status: 'preparing', reason: 'preparing the workspace' }) });
      log.tell({ type: 'run', run: aRun({ status: 'preparing', reason: 'pulling x, 4 MB of 52 MB' }) });
      log.tell({ type: 'run', run: aRun({ status: 'preparing', reason: 'pulling x, 9.5 MB of 52 MB' }) });
      log.tell({ type: 'run', run: aRun() });
      log.tell({ type: 'offset', offset: 0, attempt: 1 });
      void log.bytes('\x1b[32mone\x1b[0m\r\n 10%\r 50%');
      void log.bytes(Buffer.from([0x0d, 0x31, 0x30, 0x30, 0x25, 0x0d, 0x0a, 0xff, 0xfe, 0x0a]));
      void log.bytes('no end');
      log.tell(ended({ status: 'done', exitCode: 0 }));
    };
    const done = await daemon.cli(['run', 'train']);
    expect(done.code).toBe(0);
    expect(Buffer.from(done.stdout)).toEqual(
      Buffer.from(Buffer.concat([Buffer.from('one\n100%\n'), Buffer.from([0xff, 0xfe]), Buffer.from('\nno end')]).toString()),
    );
    expect(done.stderr).toBe(
      'warning: big snapshot\ncalm-otter-3\ncalm-otter-3 queued: second in line\ncalm-otter-3 preparing: pulling x, 4 MB of 52 MB\n',
    );
  });

  test.each([
    [
      { status: 'failed', exitCode: 7 },
      7,
      'calm-otter-3 failed: exit code 7\nIts output: dstack logs calm-otter-3. The same once more: dstack restart calm-otter-3\n',
    ],
    [
      { status: 'failed', reason: 'no such image', exitCode: null },
      1,
      'calm-otter-3 failed: no such image\nTry it by hand: docker pull IMAGE. With a login: `registry_auth`\n',
    ],
    [
      { status: 'failed', reason: 'who knows', exitCode: 0 },
      1,
      'calm-otter-3 failed: who knows\nWhat it was: dstack ps calm-otter-3. Whether the machine is well: dstack doctor\n',
    ],
    [{ status: 'stopped', exitCode: 0 }, 130, 'calm-otter-3 stopped: exit code 0\nThe same once more: dstack restart calm-otter-3\n'],
    [{ status: 'aborted' }, 130, 'calm-otter-3 aborted\nThe same once more: dstack restart calm-otter-3\n'],
    [{ status: 'done', exitCode: 0 }, 0, ''],
  ] as const)('exits as the run did: %j', async (over, code, said) => {
    daemon.logs = (log) => log.tell(ended(over));
    expect(await daemon.cli(['run', 'train'])).toEqual({ code, stdout: '', stderr: `calm-otter-3\n${said}` });
  });

  test('goes on at the byte where the connection broke, or where it was too slow', async () => {
    const from: string[] = [];
    daemon.logs = async (log, query) => {
      from.push(`${query.get('attempt')} ${query.get('from')}`);
      switch (from.length) {
        case 1:
          log.tell({ type: 'offset', offset: 0, attempt: 2 });
          await log.bytes('abc\n');
          return log.tell({ type: 'slow', offset: 2 });
        case 2:
          log.tell({ type: 'offset', offset: 4, attempt: 2 });
          await log.bytes('d');
          return log.drop();
        default:
          log.tell({ type: 'offset', offset: 5, attempt: 2 });
          await log.bytes('e\n');
          return log.tell(ended({ status: 'done', exitCode: 0 }));
      }
    };
    const done = await daemon.cli(['run', 'train']);
    expect(from).toEqual(['null null', '2 4', '2 5']);
    expect(done).toMatchObject({ code: 0, stdout: 'abc\nde\n' });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('without a terminal %s leaves the run going', async (signal, code) => {
    daemon.logs = (log) => {
      log.tell({ type: 'offset', offset: 0, attempt: 1 });
      void log.bytes('first\n');
    };
    const child = spawn(node, [cliMain, 'run', 'train'], { cwd: daemon.home, env: daemon.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const exit = new Promise((resolve) => child.on('close', resolve));
    await waitFor(() => out === 'first\n', 'the first line');
    child.kill(signal);
    expect(await exit).toBe(code);
    expect(err).toBe('calm-otter-3\ncalm-otter-3 goes on. `dstack attach calm-otter-3` shows it, `dstack stop calm-otter-3` stops it.\n');
    expect(daemon.asked.map(({ verb }) => verb)).toEqual(['submit']);
  });

  test('a pipe that fills up loses no byte', async () => {
    const line = `${'x'.repeat(1023)}\n`;
    let sent = 0;
    daemon.logs = (log) => {
      log.tell({ type: 'offset', offset: 0, attempt: 1 });
      for (; sent < 8192; sent++) void log.bytes(line);
      log.tell(ended({ status: 'done', exitCode: 0 }));
    };
    const child = spawn('/bin/sh', ['-c', `"${node}" "${cliMain}" run train | { read -r first; wc -c; }`], {
      cwd: daemon.home,
      env: daemon.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await new Promise((resolve) => child.on('close', resolve));
    expect(Number(out)).toBe(8191 * 1024);
  });
});

test('restart attaches like run', async () => {
  daemon.answers.restart = ({ name }) => ({ run: aRun({ name: `${String(name)}-again` }), warnings: [] });
  daemon.logs = (log) => log.tell(ended({ status: 'failed', exitCode: 5 }));
  expect((await daemon.cli(['restart', 'red-fox-1'])).code).toBe(5);
  expect(await daemon.cli(['restart', '-d', 'red-fox-1'])).toEqual({ code: 0, stdout: 'red-fox-1-again\n', stderr: '' });
});
