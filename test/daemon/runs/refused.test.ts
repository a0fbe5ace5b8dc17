/** What would fail only when the container is made is refused at submit, with what to do; and a restart is checked like a submit. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectWith } from '../../support/project.ts';
import { daemonOfFile, lastRun } from './fixture.ts';

const host = daemonOfFile();
const bash = (name: string, command: string, more = ''): string =>
  `- name: ${name}\n  provider: bash\n  commands: [${JSON.stringify(command)}]\n${more}`;

test('two things at one path', async () => {
  const cwd = await projectWith(
    [
      bash('a', 'echo a >out/a', '  artifacts: [out]'),
      bash('b', 'echo b >out/b', '  artifacts: [out]'),
      bash('both', 'ls out', '  deps: [a, b]'),
      bash('mounted', 'ls out', '  deps: [a]\n  mounts: ["~/:/workflow/out"]'),
    ].join('\n'),
  );
  await host.daemon.cli(['run', 'a'], { cwd });
  await host.daemon.cli(['run', 'b'], { cwd });
  const both = await host.daemon.cli(['run', 'both'], { cwd });
  expect(both.code).toBe(1);
  expect(both.stderr).toContain("Two things of the workflow would be at /workflow/out: the dep 'a' and the dep 'b'");
  expect((await host.daemon.cli(['run', 'mounted'], { cwd })).stderr).toContain('would be at /workflow/out');
  expect((await host.daemon.cli(['tags', 'add', 't', '-a', '.dstack', '-a', './.dstack'], { cwd })).code).not.toBe(0);
});

test('a secret in the arguments of a process', async () => {
  const cwd = await projectWith(
    '- name: e\n  provider: docker\n  image: dstack-test/tiny:1\n  entrypoint: /bin/bash -c\n  commands: ["echo ${{ secrets.KEY }}"]',
  );
  await host.daemon.cli(['secrets', 'add', 'KEY', 'abcdef'], { cwd });
  const { code, stderr } = await host.daemon.cli(['run', 'e'], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain("The secret 'KEY' would show in the arguments of a process");
});

test('a variable of the submitter is no template', async () => {
  const cwd = await projectWith(bash('v', 'echo "$ODD"', '  env: [ODD]'));
  const { stdout } = await host.daemon.cli(['run', 'v'], { cwd, env: { ODD: 'x ${{ secrets.NO }} $${{ y' } });
  expect(stdout).toBe('x ${{ secrets.NO }} $${{ y\n');
});

test('arguments that nothing takes', async () => {
  const cwd = await projectWith(`${bash('plain', 'echo ran')}- {name: mine, provider: lab}\n`);
  const plain = await host.daemon.cli(['run', 'plain', 'foo', 'b c'], { cwd });
  expect(plain).toMatchObject({ code: 0, stdout: 'ran\n' });
  expect(plain.stderr).toContain("warning: nothing takes the arguments: foo 'b c'. In the workflow, ${{ run.args }} stands for them\n");
  const hinted = 'Another image is `image: a/b:1` in the workflow, or on the command line: dstack run docker a/b:1\n';
  for (const args of [['--image', 'a/b:1'], ['--image=a/b:1']])
    expect((await host.daemon.cli(['run', 'bash', '-c', 'true', ...args], { cwd })).stderr).toContain(hinted);
  const lab = await host.daemon.cli(['run', 'mine', 'foo'], { cwd });
  expect(lab).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing takes the arguments: foo') as string });
  expect((await host.daemon.cli(['run', 'bash', 'echo', 'x'], { cwd })).stderr).not.toContain('arguments');
});

test('a program for torchrun that is not there', async () => {
  const torchrun = (name: string, more: string): string => `- {name: ${name}, provider: torchrun, ${more}}\n`;
  const cwd = await projectWith(
    torchrun('no', 'file: train.py, working_dir: src') +
      torchrun('left-out', 'file: mine.py') +
      torchrun('made', "file: made.py, before_run: ['exit 3']") +
      torchrun('elsewhere', 'file: /opt/train.py') +
      torchrun('mounted', 'file: out/train.py, artifacts: [out]'),
    { '.dstackignore': 'mine.py\n', 'mine.py': '', 'train.py': '' },
  );
  const run = (name: string) => host.daemon.cli(['run', name], { cwd });
  expect((await run('no')).stderr).toContain(`The file 'src/train.py' that torchrun is to start does not exist in ${cwd}`);
  expect((await run('left-out')).stderr).toContain("'mine.py' that torchrun is to start is not among the files that a run gets");
  const { stderr } = await run('made');
  expect(stderr).toContain("warning: The file 'made.py' that torchrun is to start does not exist");
  expect(stderr).toContain('exit code 3');
  for (const name of ['elsewhere', 'mounted'])
    expect(await run(name)).toMatchObject({ code: 127, stderr: expect.not.stringContaining('The file') as string });
});

test('a dep that is not done, with how to use it all the same', async () => {
  const cwd = await projectWith(`${bash('bad', 'exit 1', '  artifacts: [out]\n')}${bash('uses', 'ls', '  deps: [bad]')}`);
  await host.daemon.cli(['run', 'bad'], { cwd });
  const { stderr } = await host.daemon.cli(['run', 'uses'], { cwd });
  expect(stderr).toContain('Its one run is not done, see: dstack ps -a. To use what it saved: dstack tags add TAG RUN');
});

test('a restart of what cannot be had any more', async () => {
  const cwd = await projectWith([bash('a', 'echo a >out/a', '  artifacts: [out]'), bash('b', 'cat out/a', '  deps: [a]')].join('\n'));
  await host.daemon.cli(['run', 'a'], { cwd });
  await host.daemon.cli(['run', 'b'], { cwd });
  const { name } = await lastRun(host.daemon, cwd);
  expect((await host.daemon.cli(['restart', name], { cwd })).stdout).toBe('a\n');
  rmSync(join(host.daemon.home, 'artifacts'), { recursive: true });
  const again = await host.daemon.cli(['restart', name], { cwd });
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("The artifacts of its dep 'a'");
});

test('an image makes the Python version idle: none needs to be configured for it', async () => {
  const cwd = await projectWith(bash('i', 'echo ran', '  image: dstack-test/tiny:1\n  python: 3.9'));
  const { stdout, stderr } = await host.daemon.cli(['run', 'i'], { cwd });
  expect(stdout).toBe('ran\n');
  expect(stderr).toContain("'python: 3.9' has no effect");
});

test('an artifact in the way of a file fails that run, and no other one is made to copy', async () => {
  const cwd = await projectWith([bash('bad', 'true', '  artifacts: [src.txt]'), bash('good', 'echo fine')].join('\n'), {
    'src.txt': 'a file\n',
  });
  expect((await host.daemon.cli(['run', 'bad'], { cwd })).code).toBe(1);
  expect(await lastRun(host.daemon, cwd)).toMatchObject({ status: 'failed', reason: expect.stringContaining('src.txt') });
  expect((await host.daemon.cli(['run', 'good'], { cwd })).stdout).toBe('fine\n');
  expect(host.daemon.log()).not.toContain('refuses overlay');
});
