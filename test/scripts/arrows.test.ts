/** Each arrow between the folders can fail: a file that breaks it is linted with the project's own configuration. */
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

const root = join(import.meta.dirname, '../..');

/** What the linter says about one file of a project that has only this file. */
async function lint(path: string, source: string): Promise<string> {
  const dir = scratchDir('lint');
  try {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), source);
    copyFileSync(join(root, '.oxlintrc.json'), join(dir, '.oxlintrc.json'));
    copyFileSync(join(root, 'tsconfig.json'), join(dir, 'tsconfig.json'));
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
    const { code, stdout, stderr } = await command(join(root, 'node_modules/.bin/oxlint'), ['--format', 'unix', '--deny-warnings'], { cwd: dir });
    return code === 0 ? '' : stdout + stderr;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test.each([
  ['shared/x.ts', '../cli/main.ts'],
  ['shared/x.ts', '../daemon/main.ts'],
  ['shared/workflow/x.ts', '../../daemon/engine/engine.ts'],
  ['shared/x.ts', 'dockerode'],
  ['shared/x.ts', 'better-sqlite3'],
  ['cli/x.ts', '../daemon/context.ts'],
  ['cli/commands/x.ts', '../../daemon/context.ts'],
  ['cli/commands/x.ts', 'dockerode'],
  ['cli/commands/x.ts', 'better-sqlite3'],
  ['daemon/x.ts', '../cli/main.ts'],
  ['daemon/api/x.ts', '../../cli/http.ts'],
  ['daemon/x.ts', 'dockerode'],
  ['daemon/control/x.ts', 'dockerode'],
  ['daemon/control/x.ts', 'better-sqlite3'],
  ['daemon/engine/x.ts', '../../cli/http.ts'],
  ['daemon/engine/x.ts', 'better-sqlite3'],
  ['daemon/store/x.ts', '../../cli/http.ts'],
  ['daemon/store/x.ts', 'dockerode'],
  ['daemon/scheduler/x.ts', '../engine/engine.ts'],
  ['daemon/scheduler/x.ts', '../store/store.ts'],
  ['daemon/providers/x.ts', '../engine/engine.ts'],
  ['daemon/providers/x.ts', '../store/store.ts'],
  ['daemon/providers/x.ts', '../../cli/http.ts'],
  ['daemon/providers/x.ts', 'better-sqlite3'],
  ['scripts/x.ts', '../cli/main.ts'],
])('%s may not import %s', async (path, specifier) => {
  const forms = [`import { a } from '${specifier}';\nconsole.log(a);`, `import type { A } from '${specifier}';\nexport type B = A;`];
  for (const source of [...forms, `export * from '${specifier}';`, `export const a = await import('${specifier}');`]) {
    expect(await lint(path, source), source).toContain('no-restricted-imports');
  }
});

test.each([
  ['cli/commands/x.ts', '../../shared/api.ts'],
  ['cli/main.ts', './commands/ps.ts'],
  ['daemon/x.ts', '../shared/api.ts'],
  ['daemon/engine/x.ts', 'dockerode'],
  ['daemon/store/x.ts', 'better-sqlite3'],
  ['daemon/control/x.ts', '../store/store.ts'],
  ['daemon/scheduler/x.ts', '../../shared/states.ts'],
])('%s may import %s', async (path, specifier) => {
  expect(await lint(path, `import { a } from '${specifier}';\nconsole.log(a);`)).toBe('');
});

test.each([
  ['a promise that nobody awaits', 'async function work(): Promise<void> {}\nwork();', 'no-floating-promises'],
  ['a promise where a callback returns nothing', "process.on('exit', async () => { await Promise.resolve(); });", 'no-misused-promises'],
  ['an unused variable', 'const a = 1;\nexport const b = 2;', 'no-unused-vars'],
  ['require, which gets round the arrows', "export const a = require('dockerode');", 'no-require-imports'],
  ['a type import in a type, which gets round the arrows', "export type A = import('dockerode').Container;", 'consistent-type-imports'],
])('the linter finds %s', async (_, source, rule) => {
  expect(await lint('daemon/x.ts', source)).toContain(rule);
});
