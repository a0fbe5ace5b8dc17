/** Each arrow between the folders can fail: files that break them, and files that don't, are linted with the project's own configuration. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

const root = join(import.meta.dirname, '../..');

const forbidden: [folder: string, imports: string[]][] = [
  ['shared', ['../cli/main.ts', '../daemon/main.ts', 'dockerode', 'better-sqlite3']],
  ['shared/workflow', ['../../cli/talk/http.ts', '../../daemon/engine/engine.ts']],
  ['cli', ['../daemon/context.ts', 'dockerode', 'better-sqlite3']],
  ['cli/commands', ['../../daemon/context.ts', 'dockerode', 'better-sqlite3']],
  ['daemon', ['../cli/main.ts', 'dockerode', 'better-sqlite3']],
  ['daemon/control/steps', ['../../../cli/talk/http.ts', 'dockerode', 'better-sqlite3']],
  ['daemon/engine', ['../../cli/talk/http.ts', 'better-sqlite3']],
  ['daemon/store', ['../../cli/talk/http.ts', 'dockerode']],
  ['daemon/scheduler', ['../engine/engine.ts', '../store/store.ts', '../../cli/talk/http.ts', 'dockerode', 'better-sqlite3']],
  ['daemon/providers', ['../engine/engine.ts', '../store/store.ts', '../../cli/talk/http.ts', 'dockerode', 'better-sqlite3']],
  ['scripts', ['../cli/main.ts']],
];

const allowed: [folder: string, imports: string[]][] = [
  ['cli', ['./commands/ps.ts', '../shared/api.ts']],
  ['cli/commands', ['../../shared/api.ts', '../client.ts']],
  ['daemon', ['../shared/api.ts', './engine/docker.ts', './store/store.ts']],
  ['daemon/engine', ['dockerode', '../../shared/result.ts']],
  ['daemon/store', ['better-sqlite3', '../../shared/states.ts']],
  ['daemon/control/steps', ['../../store/store.ts', '../../engine/engine.ts']],
  ['daemon/scheduler', ['../../shared/states.ts']],
  ['test/cli', ['../../cli/talk/http.ts']],
];

const forms: Record<string, (specifier: string) => string> = {
  import: (specifier) => `import { a } from '${specifier}';\nconsole.log(a);\n`,
  'import type': (specifier) => `import type { A } from '${specifier}';\nexport type B = A;\n`,
  export: (specifier) => `export * from '${specifier}';\n`,
  'import()': (specifier) => `export const a = await import('${specifier}');\n`,
};

const others: [what: string, source: string, rule: string][] = [
  ['a promise that nobody awaits', 'async function work(): Promise<void> {}\nwork();\n', 'no-floating-promises'],
  ['a promise where nothing is awaited', "process.on('exit', async () => { await Promise.resolve(); });\n", 'no-misused-promises'],
  ['an unused variable', 'const a = 1;\nexport const b = 2;\n', 'no-unused-vars'],
  ['require, which gets round the arrows', "export const a = require('dockerode');\n", 'no-require-imports'],
  ['a type import in a type, which gets round the arrows', "export type A = import('dockerode').Container;\n", 'consistent-type-imports'],
];

const cases = (table: [string, string[]][]) =>
  table.flatMap(([folder, imports]) => imports.flatMap((specifier) => Object.keys(forms).map((form) => ({ folder, specifier, form }))));
const fileOf = ({ folder, specifier, form }: { folder: string; specifier: string; form: string }) =>
  `${folder}/${`${form} ${specifier}`.replaceAll(/[^a-z0-9]+/gi, '-')}.ts`;

/** file → what the linter says about it */
const said = new Map<string, string>();

beforeAll(async () => {
  const dir = scratchDir('lint');
  const write = (path: string, source: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), source);
  };
  for (const each of [...cases(forbidden), ...cases(allowed)]) write(fileOf(each), forms[each.form]!(each.specifier));
  for (const [i, [, source]] of others.entries()) write(`daemon/other${i}.ts`, source);
  write('package.json', '{ "type": "module" }');
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) copyFileSync(join(root, name), join(dir, name));
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const { stdout } = await command(join(root, 'node_modules/.bin/oxlint'), ['--format', 'unix'], { cwd: dir });
  for (const line of stdout.split('\n')) {
    const file = line.split(':')[0]!;
    said.set(file, `${said.get(file) ?? ''}${line}\n`);
  }
});

test.each(cases(forbidden))('$folder may not $form $specifier', (each) => {
  expect(said.get(fileOf(each))).toContain('no-restricted-imports');
});

test.each(cases(allowed))('$folder may $form $specifier', (each) => {
  expect(said.get(fileOf(each))).toBeUndefined();
});

test.each(others.map(([what, , rule], i) => ({ what, rule, file: `daemon/other${i}.ts` })))('the linter finds $what', ({ rule, file }) => {
  expect(said.get(file)).toContain(rule);
});
