import type { Command } from 'commander';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../cli/commands.ts';
import { createCli } from '../../cli/context.ts';
import { build } from '../../cli/program.ts';
import { providerNames } from '../../shared/workflow/model.ts';
import { daemonDouble, refuse, root } from './support/daemon-double.ts';

const leaves = new Map<string, Command>();
const groups = new Map<string, Command>();

function walk(command: Command, path: string): void {
  const below = command.commands;
  (below.length > 0 ? groups : leaves).set(path, command);
  for (const child of below) walk(child, `${path} ${child.name()}`);
}

beforeAll(async () => walk(await build(createCli({ DSTACK_HOME: '/nonexistent' }, '/'), undefined), 'dstack'));

function help(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 80 });
  command.outputHelp();
  return text;
}

test('each file is a command, and each command a file', () => {
  const files = readdirSync(join(root, 'cli/commands')).map((file) => file.replace(/\.ts$/, ''));
  expect(files.toSorted()).toEqual(Object.keys(commands).toSorted());
});

test('every verb of the issue is there', () => {
  expect([...leaves.keys()].map((path) => path.replace('dstack ', '')).toSorted()).toEqual(
    [
      'run',
      'ps',
      'logs',
      'stop',
      'rm',
      'restart',
      'artifacts list',
      'artifacts download',
      'tags list',
      'tags add',
      'tags delete',
      'secrets list',
      'secrets add',
    ]
      .concat([
        'secrets delete',
        'init',
        'check',
        'schema',
        'config',
        'df',
        'gc',
        'daemon start',
        'daemon stop',
        'daemon status',
        'daemon logs',
        'doctor',
      ])
      .concat(['gpus', 'queue', 'stats', 'usage', 'audit'])
      .concat(['env list', 'env build', 'env rm'])
      .concat(['code'])
      .concat(['completion bash', 'completion zsh', 'completion install', 'completion uninstall'])
      .concat(['exec', 'shell', 'attach'])
      .concat(['daemon install', 'daemon uninstall', 'policy', 'share'])
      .toSorted(),
  );
});

describe('every command', () => {
  test('has a sentence of description, examples that call it, and says what each argument and option is', () => {
    for (const [path, command] of [...leaves, ...groups]) {
      if (path === 'dstack') continue;
      expect(command.description(), path).toMatch(/^[A-Z].*\.$/s);
      const text = help(command);
      const examples = text.slice(text.indexOf('\nExamples:')).match(/\$ .*$/gm) ?? [];
      expect(examples.length, `${path} has examples`).toBeGreaterThan(0);
      for (const example of examples) expect(example, path).toContain(path);
      for (const argument of command.registeredArguments) expect(argument.description, `${path} ${argument.name()}`).not.toBe('');
      for (const option of command.options) expect(option.description, `${path} ${option.flags}`).toMatch(/^[A-Z].*[.)]$/s);
    }
  });

  test('has no option twice, and --json where it lists or answers', () => {
    const without = [
      'dstack run',
      'dstack restart',
      'dstack schema',
      'dstack env build',
      'dstack exec',
      'dstack shell',
      'dstack attach',
      'dstack completion bash',
      'dstack completion zsh',
    ];
    for (const [path, command] of leaves) {
      const flags = command.options.flatMap((option) => [option.short, option.long]).filter((flag) => flag !== undefined && flag !== null);
      expect(new Set(flags).size, path).toBe(flags.length);
      expect(flags.includes('--json'), path).toBe(!without.includes(path));
    }
  });

  test('explains itself within 80 columns, without tabs', () => {
    for (const [path, command] of [...leaves, ...groups]) {
      const text = help(command);
      expect(text, path).not.toContain('\t');
      for (const line of text.split('\n')) expect(line.length, `${path}: ${line}`).toBeLessThanOrEqual(80);
    }
  });
});

test('help and mistakes at the command line', async () => {
  await using daemon = await daemonDouble();
  expect(await daemon.cli([])).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Commands:\n  run ') });
  expect(await daemon.cli(['ps', '--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('dstack ps -a') });
  expect(await daemon.cli(['tags', 'add', '-h'])).toMatchObject({ code: 0, stdout: expect.stringContaining('--force') });
  expect(await daemon.cli(['rnu'])).toEqual({ code: 2, stdout: '', stderr: "There is no command 'rnu'.\nDid you mean `dstack run`?\n" });
  expect(await daemon.cli(['xyzzyx'])).toMatchObject({ code: 2, stderr: expect.stringContaining('`dstack --help` lists them.') });
  expect(await daemon.cli(['ps', '--al'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean --all?') });
  expect(await daemon.cli(['logs'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Give its name.') });
  expect(await daemon.cli(['tags', 'ad'])).toMatchObject({ code: 2 });
  // what the parser finds is said as all else
  const said = async (...args: string[]): Promise<string> => (await daemon.cli(args)).stderr;
  expect(await said('logs', '--tial', '3')).toBe("Unknown option '--tial'.\nDid you mean --tail?\n");
  expect(await said('attach')).toBe("Missing required argument 'run'.\n`dstack attach --help` says what there is.\n");
  expect(await said('artifacts', 'foo')).toBe("Unknown command 'foo'.\n`dstack artifacts --help` says what there is.\n");
  expect(await said('--foo')).toBe("Unknown option '--foo'.\n`dstack --help` says what there is.\n");
  expect(await said('logs', '--attempt', 'x', 'a')).toBe(
    "Option '--attempt <n>' argument 'x' is invalid. It takes a whole number from 1 up.\n`dstack logs --help` says what there is.\n",
  );
  expect(await daemon.cli(['stop'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--all') });
  expect(daemon.asked).toEqual([]);
});

test.each(providerNames)('run %s --help: what it is, examples, its keys and its options', async (provider) => {
  await using daemon = await daemonDouble();
  const { code, stdout } = await daemon.cli(['run', provider, '--help']);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Usage: dstack run ${provider}\\b.*\\n\\n[A-Z]`));
  expect(stdout).toMatch(new RegExp(`\\nExamples:\\n  \\$ dstack run ${provider} `));
  expect(stdout).toMatch(/^ {2}artifacts +Folders to save/m);
  expect(stdout).toMatch(/^ *-a, --artifact <path> /m);
  const only = { '--command': ['bash', 'docker'], '--nodes': ['torchrun'], '--inactivity-duration': ['code', 'lab', 'notebook'] };
  for (const [flag, providers] of Object.entries(only)) expect(stdout.includes(` ${flag} `), flag).toBe(providers.includes(provider));
  expect(daemon.asked).toEqual([]);
});

test('`help` is another word for --help', async () => {
  await using daemon = await daemonDouble();
  for (const words of [[], ['run'], ['tags', 'add'], ['artifacts']]) {
    const asked = await daemon.cli([...words, '--help']);
    expect(asked.code).toBe(0);
    expect(await daemon.cli(['help', ...words])).toEqual(asked);
  }
  expect(await daemon.cli(['help', 'rnu'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean `dstack run`?') });
});

test.each([
  [2, ['logs', 'x', '--since', 'foo']],
  [2, ['logs', 'x', '--grep', '(']],
  [2, ['logs', 'x', '--tail', 'a']],
  [2, ['rnu']],
  [1, ['run', 'train', '--gpu', 'x']],
  [1, ['run', 'train', '--retry', 'x']],
  [1, ['run', 'nosuch']],
] as const)('exit status %i: %j', async (code, args) => {
  await using daemon = await daemonDouble({ submit: () => refuse('bad_option', 'refused') });
  expect((await daemon.cli([...args])).code).toBe(code);
});
