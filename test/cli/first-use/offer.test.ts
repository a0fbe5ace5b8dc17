/** Somebody's first command in a folder that is no project yet. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadWorkflows } from '../../../shared/workflow/load.ts';
import { startDaemon } from '../../support/daemon.ts';
import { scratchDir } from '../../support/scratch.ts';
import { aRun, cliMain, daemonDouble, node, refuse } from '../support/daemon-double.ts';
import { openPty } from '../support/pty.ts';

const notThere = () => refuse('no_such_workflow', "No workflow or provider 'x' is found", { hint: 'The project has no workflows' });

function folder(...files: string[]): string {
  const dir = scratchDir('first');
  for (const name of files) writeFileSync(join(dir, name), '');
  return dir;
}

const names = async (dir: string): Promise<string[]> => {
  const loaded = await loadWorkflows(dir);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  expect(loaded.hints).toEqual([]);
  return [...loaded.workflows.keys()];
};

test('without a terminal the failure says what to do, and nothing is written', async () => {
  await using daemon = await daemonDouble({ submit: notThere });
  const cwd = folder('train.py');
  expect(await daemon.cli(['run', 'train'], { cwd })).toEqual({
    code: 1,
    stdout: '',
    stderr: `There is no workflow 'train', since there is no .dstack/workflows.yaml in ${cwd} or above it.\n\`dstack init\` writes a first one here. Without one: dstack run bash -c 'COMMAND'\n`,
  });
  const bare = await daemon.cli(['run'], { cwd });
  expect(bare).toMatchObject({ code: 0, stdout: expect.stringContaining('`dstack init` writes a first one.') as string });
  expect(existsSync(join(cwd, '.dstack'))).toBe(false);
});

test('in a project a name that it does not have is no reason to offer one', async () => {
  await using daemon = await daemonDouble({ submit: notThere });
  const cwd = folder();
  mkdirSync(join(cwd, '.dstack'));
  writeFileSync(join(cwd, '.dstack/workflows.yaml'), 'workflows: []\n');
  expect((await daemon.cli(['run', 'x'], { cwd })).stderr).toBe("No workflow or provider 'x' is found\nThe project has no workflows\n");
});

test('on a terminal one is offered, written, and the workflow that was asked for runs', async () => {
  let made = false;
  await using daemon = await daemonDouble({
    submit: () => (made ? { run: aRun({ status: 'queued' }), warnings: [] } : notThere()),
  });
  daemon.logs = (log) => log.tell({ type: 'end', run: aRun({ status: 'done', exitCode: 0 }) });
  const cwd = folder('train.py', 'requirements.txt');
  using pty = openPty(node, [cliMain, 'run', 'train'], { cwd, env: daemon.env, columns: 200 });
  await pty.until('question', (text) =>
    text.includes('Write a first one here (train, hello, made from train.py, requirements.txt)? [y/n]'),
  );
  made = true;
  pty.type('y');
  expect(await pty.exit).toBe(0);
  expect(await names(cwd)).toEqual(['train', 'hello']);
  expect(readFileSync(join(cwd, '.dstack/workflows.yaml'), 'utf8')).toMatch(/^ +requirements: requirements\.txt/m);
  expect(daemon.asked.filter(({ verb }) => verb === 'submit')).toHaveLength(2);
});

test('who does not want it is left alone', async () => {
  await using daemon = await daemonDouble({ submit: notThere });
  const cwd = folder();
  using pty = openPty(node, [cliMain, 'run'], { cwd, env: daemon.env, columns: 200 });
  await pty.until('question', (text) => text.includes('[y/n]'));
  pty.type('n');
  expect(await pty.exit).toBe(0);
  expect(existsSync(join(cwd, '.dstack'))).toBe(false);
  await pty.until('the list', (text) => text.includes('PROVIDER'));
});

test('what init writes is right whatever lies there, and its first workflow runs', async () => {
  await using daemon = await startDaemon({ start: false });
  for (const [files, expected] of [
    [[], ['hello']],
    [['main.py'], ['main', 'hello']],
    [
      ['run.sh', 'a.ipynb', 'requirements.txt'],
      ['run', 'hello', 'explore'],
    ],
  ] as const) {
    const cwd = folder(...files);
    expect((await daemon.cli(['init'], { cwd })).code).toBe(0);
    expect(await names(cwd)).toEqual(expected);
    const checked = await daemon.cli(['check'], { cwd });
    expect(checked).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing wrong') as string });
    // what stands in comments is right, too
    const file = join(cwd, '.dstack/workflows.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/^( {2}| {4})# /gm, '$1'));
    expect((await names(cwd)).length).toBeGreaterThanOrEqual(expected.length);
  }
  const cwd = folder();
  await daemon.cli(['init'], { cwd });
  const ran = await daemon.cli(['run', 'hello'], { cwd });
  expect(ran.stdout).toMatch(/^hello from \w+-\w+-1\r?\n$/);
});
