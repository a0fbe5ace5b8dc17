/** What `dstack __complete` answers, and that nothing it can meet makes it loud, slow or start anything. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitLine } from '../../../cli/completion/line.ts';
import { argumentKinds, optionKinds } from '../../../cli/completion/values.ts';
import { namesIn } from '../../../cli/completion/workflow-names.ts';
import { commands, type CommandName } from '../../../cli/commands.ts';
import { createCli } from '../../../cli/context.ts';
import { build } from '../../../cli/program.ts';
import { command } from '../../support/command.ts';
import { project } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { aRun, cliMain, daemonDouble, node, type DaemonDouble } from '../support/daemon-double.ts';

const breaks = ' \t\n"\'@><=;|&(:';

test.each([
  ['dstack ', ['dstack', ''], ''],
  ['dstack run tr', ['dstack', 'run', 'tr'], ''],
  ['dstack tags delete "a b', ['dstack', 'tags', 'delete', 'a b'], ''],
  ['dstack artifacts list :be', ['dstack', 'artifacts', 'list', ':be'], ':'],
  ["dstack artifacts list ':be", ['dstack', 'artifacts', 'list', ':be'], ''],
  ['dstack run --python=3', ['dstack', 'run', '--python=3'], '--python='],
  ['dstack run a\\ b ""', ['dstack', 'run', 'a b', ''], ''],
])('the words of <%s>', (line, words, fixed) => {
  expect(splitLine(line, breaks)).toEqual({ words, fixed });
});

test('the names of workflows, and nothing that only looks like one, also from a file that is no YAML yet', () => {
  const text = `# name: no
workflows:
  - name: train   # the first
    resources:
      gpu: {name: A100}
    env:
      - name: NOT_THIS
  -   provider: bash
      name: "prepare"
  - {name: flow, provider: bash}
  - provider: bash
    help: |
      name: neither
    name:
  - name: 'last
other:
  - name: no`;
  expect(namesIn(text)).toEqual(['train', 'prepare', 'flow', 'last']);
  expect(namesIn('workflows:\n- name: flat\n  provider: bash\n- name: two\n')).toEqual(['flat', 'two']);
});

describe('with a daemon', () => {
  let daemon: DaemonDouble;
  let cwd: string;
  beforeAll(async () => {
    cwd = await project({ '.dstack/workflows.yaml': 'workflows:\n  - name: train\n  - name: prepare\n  - name: "$(reboot)"\n' });
    daemon = await daemonDouble({
      ps: () => [
        aRun({ name: 'calm-otter-4', status: 'running', artifacts: [] }),
        aRun({ name: 'calm-otter-3', status: 'queued', artifacts: ['out'] }),
        aRun({ name: 'red-fox-1', status: 'done', artifacts: ['out'] }),
      ],
      tagsList: () => [{ tag: 'best' }, { tag: 'data' }],
      secretsList: () => [{ name: 'API_TOKEN' }],
      envList: () => [{ key: 'abc123' }],
      run: () => ({ ...aRun({ nodes: 3 }), attempts: [{ attempt: 1 }, { attempt: 2 }, { attempt: 2 }] }),
    });
  });
  afterAll(() => daemon.close());

  const complete = async (line: string): Promise<string[]> => {
    const { code, stdout, stderr } = await daemon.cli(['__complete', 'bash', line, breaks], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [kind, ...words] = stdout.trimEnd().split('\n');
    return kind === 'words' ? words : [`(${kind})`];
  };

  test.each([
    ['dstack sto', 'stop'],
    ['dstack run ', 'train prepare bash code docker lab notebook torchrun'],
    ['dstack run tr', 'train'],
    ['dstack run train ', '(files)'],
    ['dstack run docker ', ''],
    ['dstack run --python 3.1', '3.10 3.11 3.12 3.13 3.14'],
    ['dstack run -t ', 'best data'],
    ['dstack run train --dep ', ':best :data train prepare'],
    ['dstack run train --dep :', 'best data'],
    ['dstack run train -a ', '(dirs)'],
    ['dstack run --shm', '--shm-size'],
    ['dstack run train -- --shm', '(files)'],
    ['dstack stop ', 'calm-otter-4 calm-otter-3'],
    ['dstack stop calm-otter-3 calm', 'calm-otter-4'],
    ['dstack rm ', 'red-fox-1'],
    ['dstack restart r', 'red-fox-1'],
    ['dstack shell ', 'calm-otter-4'],
    ['dstack logs --attempt ', ''],
    ['dstack logs red-fox-1 --attempt ', '1 2'],
    ['dstack logs red-fox-1 --node ', '0 1 2'],
    ['dstack artifacts ', 'list download'],
    ['dstack artifacts list ', ':best :data calm-otter-3 red-fox-1'],
    ['dstack artifacts list :b', 'best'],
    ['dstack tags delete ', 'best data'],
    ['dstack tags add best ', 'calm-otter-4 calm-otter-3 red-fox-1'],
    ['dstack secrets delete ', 'API_TOKEN'],
    ['dstack env rm ', 'abc123'],
    ['dstack env build ', 'train prepare'],
    ['dstack usage --by=', 'user project workflow run'],
    ['dstack completion install ', 'bash zsh'],
    ['dstack nothing ', ''],
    ['dstack -', '--help --version'],
  ])('<%s> goes on with: %s', async (line, expected) => {
    expect((await complete(line)).join(' ')).toBe(expected);
  });

  test('it asks for no more than it needs', async () => {
    daemon.asked.length = 0;
    await complete('dstack run tr');
    expect(daemon.asked).toEqual([]);
    await complete('dstack stop ');
    expect(daemon.asked).toMatchObject([{ verb: 'ps', params: { all: '1', limit: '200' } }]);
  });
});

test('without a daemon none is started, and no home is made', async () => {
  const home = join(scratchDir('none'), 'home');
  const env = { PATH: process.env['PATH'], HOME: dirname(home), DSTACK_HOME: home };
  const done = await command(node, [cliMain, '__complete', 'bash', 'dstack stop ', breaks], { cwd: dirname(home), env });
  expect(done).toEqual({ code: 0, stdout: 'words\n', stderr: '' });
  expect(existsSync(home)).toBe(false);
});

test('what is broken is kept for the command to say', async () => {
  const home = scratchDir('broken');
  writeFileSync(join(home, 'dstackd.sock'), '');
  mkdirSync(join(home, '.dstack/workflows.yaml'), { recursive: true });
  const env = { PATH: process.env['PATH'], HOME: home, DSTACK_HOME: home };
  for (const words of [['bash', 'dstack run '], ['bash', 'dstack rm '], ['zsh', 'dstack', 'run', '--python'], ['zsh'], []]) {
    const { code, stderr } = await command(node, [cliMain, '__complete', ...words], { cwd: home, env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  }
});

test('of every argument and every option with a value it is known what stands there', async () => {
  const cli = createCli({ ...process.env, DSTACK_HOME: scratchDir('h') }, '/');
  const unknown: string[] = [];
  const look = (one: Command, path: string[]): void => {
    for (const { long, required, optional } of one.options) {
      if ((required || optional) && !(`${path[0]} ${long}` in optionKinds) && !((long ?? '') in optionKinds))
        unknown.push(`${path.join(' ')} ${long}`);
    }
    if (one.registeredArguments.length > 0 && !(path.join(' ') in argumentKinds)) unknown.push(path.join(' '));
    for (const child of one.commands) look(child, [...path, child.name()]);
  };
  for (const name of Object.keys(commands) as CommandName[]) {
    const program = await build(cli, name);
    for (const one of program.commands) look(one, [one.name()]);
  }
  expect(unknown).toEqual([]);
});
