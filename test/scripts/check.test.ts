import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

const root = join(import.meta.dirname, '../..');

/** Runs steps of scripts/check.ts on a checkout that has only these files, beside the real configuration. */
function check(steps: string[], files: Record<string, string>) {
  const dir = scratchDir('check');
  for (const folder of ['scripts/lib', 'shared', '.ci']) mkdirSync(join(dir, folder), { recursive: true });
  for (const name of ['scripts/check.ts', '.oxlintrc.json', '.oxfmtrc.json', 'tsconfig.json', 'package.json', 'knip.json'])
    copyFileSync(join(root, name), join(dir, name));
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return command(process.execPath, [join(dir, 'scripts/check.ts'), ...steps], { cwd: '/' });
}

const good = 'export const a = 1;\n';

test.each([
  ['types', "export const a: number = '1';\n", 'TS2322'],
  ['lint', "import type { A } from '../cli/main.ts';\nexport type B = A;\n", 'no-restricted-imports'],
  ['format', 'export const a = "1"\n', 'shared/a.ts'],
  ['dead', good, 'shared/a.ts'],
])('the step %s fails on what it is there for, and shows it', async (step, source, shown) => {
  const { code, stdout } = await check([step], { 'shared/a.ts': source });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAILED {2}/);
  expect(stdout).toContain(shown);
});

test('the step shell finds a script that does not parse', async () => {
  const fine = { 'scripts/demo': '', 'scripts/test': '', 'scripts/test-gpu': '', 'scripts/dstack': '', '.ci/run': '' };
  expect((await check(['shell'], fine)).code).toBe(0);
  expect(await check(['shell'], { ...fine, 'scripts/lib/x.sh': 'if true; then\n' })).toMatchObject({ code: 1 });
});

test('the step schema fails when the JSON Schema is not what the code says', async () => {
  const dir = scratchDir('check');
  for (const part of ['scripts', 'shared', 'package.json']) cpSync(join(root, part), join(dir, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const run = () => command(process.execPath, [join(dir, 'scripts/check.ts'), 'schema'], { cwd: '/' });
  expect(await run()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok {6}JSON Schema fresh/) });
  writeFileSync(join(dir, 'shared/workflow.schema.json'), '{}\n');
  expect(await run()).toMatchObject({ code: 1, stdout: expect.stringMatching(/^FAILED {2}JSON Schema fresh/) });
});

test('steps that pass say one line each', async () => {
  const { code, stdout } = await check(['types', 'lint', 'format'], { 'shared/a.ts': good });
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 8)),
  ).toEqual(['ok      ', 'ok      ', 'ok      ']);
  expect(code).toBe(0);
});

test('an unknown step is refused', async () => {
  expect(await check(['nonsense'], {})).toMatchObject({ code: 2, stdout: '' });
});
