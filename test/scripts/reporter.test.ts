import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

const root = join(import.meta.dirname, '../..');

/** Runs vitest with the closing line's reporter on one file of tests; `counts` is what it leaves for whoever adds up. */
async function closingLine(source: string, setup = ''): Promise<{ code: number; last: string; counts: string }> {
  const dir = scratchDir('r');
  mkdirSync(join(dir, 'test'));
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'test/a.test.ts'), `import { expect, test } from 'vitest';\n${source}`);
  writeFileSync(join(dir, 'setup.ts'), `${setup}\nexport default () => {};\n`);
  writeFileSync(join(dir, 'vitest.config.ts'), `export default { test: { globalSetup: './setup.ts' } };\n`);
  const counts = join(dir, 'counts');
  const reporters = ['--reporter', 'default', '--reporter', join(root, 'test/support/reporter.ts')];
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', dir, ...reporters];
  const { code, stdout } = await command(process.execPath, args, { cwd: dir, env: { ...process.env, DSTACK_TEST_COUNTS: counts } });
  return { code, last: stdout.trimEnd().split('\n').at(-1) ?? '', counts: readFileSync(counts, 'utf8') };
}

test('a run ends with the counts of its tests', async () => {
  const passing = "test('a', () => expect(1).toBe(1));\ntest('b', () => expect(1).toBe(1));\n";
  expect(await closingLine(passing)).toEqual({ code: 0, last: '2 passed, 0 failed', counts: '2 0 0\n' });
  expect(await closingLine(`${passing}test('c', () => expect(1).toBe(2));`)).toEqual({
    code: 1,
    last: '2 passed, 1 failed',
    counts: '2 1 0\n',
  });
});

test('a file that does not load and an error outside of every test count as failed', async () => {
  expect(await closingLine("throw new Error('no');")).toEqual({ code: 1, last: '0 passed, 1 failed', counts: '0 1 0\n' });
  const late = "test('a', () => { setTimeout(() => { throw new Error('late'); }); return new Promise((done) => setTimeout(done, 50)); });";
  expect(await closingLine(late)).toEqual({ code: 1, last: '1 passed, 1 failed', counts: '1 1 0\n' });
});

test('a setup that fails is a failure, although no test has run', async () => {
  const { code, last, counts } = await closingLine("test('a', () => expect(1).toBe(1));", "throw new Error('no engine');");
  expect({ code, last, counts }).toEqual({ code: 1, last: '0 passed, 1 failed', counts: '0 1 0\n' });
});
