/** From a saved file to the attempt that is asked for, with the real daemon; what becomes of the attempts: test/daemon/control/watch. */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { project, projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { askDaemon } from './ask-daemon.ts';
import { beginWatch } from './watch-lab.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon({ config: { mount_roots: ['/tmp'] } });
});
afterAll(() => daemon?.[Symbol.asyncDispose]());

const hello = (...more: string[]): string =>
  ['- name: hello', '  provider: bash', '  commands: [cat data.txt]', ...more.map((line) => `  ${line}`)].join('\n');
const put = (dir: string, path: string, text: string): void => writeFileSync(join(dir, path), text);

test('a change is an attempt with these files, in the same container; one that does not count is none', async () => {
  const dir = await projectWith(hello('watch: {paths: [src, "*.txt"], ignore: ["*.tmp.txt"]}'), {
    'data.txt': 'one\n',
    'src/a.py': '1\n',
    'readme.md': '',
    'x.tmp.txt': '',
  });
  const watch = await beginWatch(daemon, dir, ['hello', '--watch']);
  expect(watch.reruns()).toMatchObject([{ number: 1, cause: 'start', changed: [] }]);
  await watch.printed(1, 'one');
  put(dir, 'data.txt', 'two\n');
  const second = await watch.rerun(2);
  expect(second).toMatchObject({ cause: 'change', changed: ['data.txt'], changes: 1, fresh: null, spec: null });
  await watch.printed(2, 'two');
  // what the watch needs is no garbage
  expect((await daemon.cli(['gc'])).code).toBe(0);
  // none of these counts: not named, ignored, an editor's, the same content
  put(dir, 'readme.md', 'changed');
  put(dir, 'x.tmp.txt', 'changed');
  put(dir, 'src/.a.py.swp', 'vim');
  put(dir, 'data.txt', 'two\n');
  put(dir, 'src/b.py', 'new\n');
  expect(await watch.rerun(3)).toMatchObject({ changed: ['src/b.py'] });
  await watch.stop();
  put(dir, 'src/b.py', 'after its end\n');
  const other = await beginWatch(daemon, dir, ['hello', '--watch', 'readme.md']);
  put(dir, 'src/b.py', 'not among its paths\n');
  put(dir, 'readme.md', 'more');
  expect(await other.rerun(2)).toMatchObject({ changed: ['readme.md'] });
  expect(watch.reruns()).toHaveLength(3);
  await other.stop();
});

test('a workflow that changes begins with a fresh container; a faulty one is told, and nothing runs', async () => {
  const dir = await projectWith(hello(), { 'data.txt': 'one\n' });
  const watch = await beginWatch(daemon, dir, ['hello', '--watch']);
  const file = '.dstack/workflows.yaml';
  const write = (text: string): void => put(dir, file, `workflows:\n${text.replaceAll(/^(?=.)/gm, '  ')}\n`);
  write(`${hello()}\n- name: other\n  provider: bash\n  commands: [echo]`);
  expect(await watch.begun(2)).toMatchObject({ changed: [file], fresh: null, spec: null });
  write(hello('env: [A=1]'));
  expect(await watch.begun(3)).toMatchObject({ fresh: 'the workflow changed (env)' });
  expect((await watch.detail()).env).toEqual({ A: '1' });
  write(hello('envv: [A=2]'));
  const told = await watch.notice((text) => text !== null, 'the fault to be told');
  expect(told.watch?.notice).toBe(
    `${file}:5:5: \`envv\` is not a key of bash workflows; did you mean \`env\`? What runs goes on; fix it and save.`,
  );
  put(dir, 'data.txt', 'two\n');
  write(hello('env: [A=1]'));
  await watch.notice((text) => text === null, 'the fault to be mended');
  // against the last good one nothing is new but the data
  expect(await watch.rerun(4)).toMatchObject({ changed: ['data.txt'], fresh: null });
  write(hello('env: [B]'));
  expect((await watch.notice((text) => text !== null, 'the missing variable')).watch?.notice).toContain('takes B from your environment');
  rmSync(join(dir, file));
  await watch.notice(
    (text) =>
      text ===
      "No workflow or provider 'hello' is found. There is no .dstack/workflows.yaml in the project. What runs goes on; fix it and save.",
    'that the file is gone',
  );
  await watch.stop();
});

test('what the workflow is counts whatever the paths of the watch; another one in its file does not', async () => {
  const dir = await projectWith(hello('watch: {paths: [src], ignore: [.dstack]}'), { 'data.txt': 'one\n', 'src/a.py': '1\n' });
  const watch = await beginWatch(daemon, dir, ['hello', '--watch']);
  const file = '.dstack/workflows.yaml';
  const write = (...texts: string[]): void => put(dir, file, `workflows:\n${texts.join('\n').replaceAll(/^(?=.)/gm, '  ')}\n`);
  const own = (...more: string[]): string => hello('watch: {paths: [src], ignore: [.dstack]}', ...more);
  write(own('envv: [A=1]'));
  await watch.notice((text) => text !== null, 'the fault to be told');
  write(own(), '- name: other\n  provider: bash\n  commands: [echo]');
  await watch.notice((text) => text === null, 'the fault to be mended');
  put(dir, 'data.txt', 'does not count\n');
  write(own('env: [A=1]'), '- name: other\n  provider: bash\n  commands: [echo]');
  expect(await watch.begun(2)).toMatchObject({ changed: [file], changes: 1, fresh: 'the workflow changed (env)' });
  expect((await watch.detail()).env).toEqual({ A: '1' });
  write(own('env: [A=1]'));
  put(dir, 'src/a.py', '2\n');
  expect(await watch.rerun(3)).toMatchObject({ changed: ['src/a.py'], fresh: null });
  await watch.stop();
});

test('what the set-up is made of begins with a fresh container', async () => {
  const dir = await projectWith(hello('setup: [sh setup.sh]'), { 'data.txt': 'one\n', 'setup.sh': 'echo set up\n' });
  const watch = await beginWatch(daemon, dir, ['hello', '--watch']);
  put(dir, 'setup.sh', 'echo set up anew\n');
  expect(await watch.begun(2)).toMatchObject({ fresh: 'setup.sh changed', changed: ['setup.sh'] });
  rmSync(join(dir, 'setup.sh'));
  expect(await watch.rerun(3)).toMatchObject({ changed: ['setup.sh'] });
  await watch.stop();
});

test('what the run writes into the project is no change of it', async () => {
  const dir = await project({ 'data.txt': 'one\n' });
  mkdirSync(join(dir, 'shared'));
  mkdirSync(join(dir, '.dstack'));
  put(
    dir,
    '.dstack/workflows.yaml',
    `workflows:\n  - name: loop\n    provider: bash\n    mounts: ["${dir}/shared:/shared"]\n    artifacts: [out]\n    commands: ['date >> /shared/log', 'date > out/x', 'echo written', 'cat data.txt']\n`,
  );
  const watch = await beginWatch(daemon, dir, ['loop', '--watch']);
  await watch.printed(1, 'one');
  appendFileSync(join(dir, 'shared/log'), 'by hand\n');
  put(dir, 'data.txt', 'two\n');
  expect((await watch.rerun(2)).changed).toEqual(['data.txt']);
  await watch.printed(2, 'two');
  put(dir, 'data.txt', 'three\n');
  expect((await watch.rerun(3)).changed).toEqual(['data.txt']);
  await watch.stop();
});

test('somebody asks: the files are looked at right then', async () => {
  const dir = await projectWith(hello(), { 'data.txt': 'one\n' });
  const watch = await beginWatch(daemon, dir, ['hello', '--watch']);
  await watch.printed(1, 'one');
  const ask = (): Promise<unknown> => askDaemon(daemon, 'rerun', { name: watch.name, projectDir: dir });
  expect(await ask()).toEqual({ attempt: 2 });
  expect(await watch.rerun(2)).toMatchObject({ cause: 'asked', changed: [], changes: 0, tree: watch.reruns()[0]?.tree });
  await watch.printed(2, 'one');
  put(dir, 'data.txt', 'two\n');
  await ask();
  await watch.printed(3, 'two');
  put(dir, '.dstack/workflows.yaml', 'workflows: 1\n');
  expect(await ask()).toMatchObject({ code: 'invalid_workflows' });
  await watch.stop();
  expect(await ask()).toMatchObject({ code: 'finished' });
  const [once] = await daemon.json<Run[]>(['ps', '-a'], { cwd: dir });
  expect(once?.name).toBe(watch.name);
});

test('what changed while there was no daemon is seen by the next', async () => {
  const home = join(scratchDir('h'), 'home');
  const dir = await projectWith(hello(), { 'data.txt': 'one\n' });
  await using own = await startDaemon({ home });
  const watch = await beginWatch(own, dir, ['hello', '--watch']);
  await watch.printed(1, 'one');
  await own.kill();
  put(dir, 'data.txt', 'two\n');
  await own.start();
  expect(await watch.rerun(2)).toMatchObject({ cause: 'change', changed: ['data.txt'] });
  await watch.printed(2, 'two');
  put(dir, 'data.txt', 'three\n');
  expect(await watch.rerun(3)).toMatchObject({ changed: ['data.txt'] });
  await waitFor(async () => (await watch.detail()).status === 'running', 'it to run');
});
