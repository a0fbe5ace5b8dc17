import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

const root = join(import.meta.dirname, '../..');
const demo = (dir: string, ...args: string[]) =>
  command(join(root, 'scripts/demo'), args, { cwd: '/', env: { ...process.env, DSTACK_DEMO_DIR: dir }, seconds: 280 });

test('scripts/demo runs three workflows that pass artifacts on, twice, and cleans up after itself', { timeout: 600_000 }, async () => {
  const dir = join(scratchDir('demo'), 'demo');
  const checkout = readdirSync(join(root, 'test/projects/pipeline'));
  for (const runs of [3, 6]) {
    const { code, stdout, stderr } = await demo(dir);
    expect(stderr).toContain('Docker Engine');
    expect(code, stdout + stderr).toBe(0);
    expect(stdout.match(/^\S+-\d+ +(prepare|train|report) +.* Done( +iris)?$/gm)).toHaveLength(runs);
    expect(stdout).toMatch(/^iris +\S+ +prepare +dataset/m);
    expect(stdout).toMatch(/^dataset +test.csv/m);
    expect(stdout).toMatch(/^report +report.txt/m);
    expect(readFileSync(join(dir, 'download/report/report.txt'), 'utf8')).toMatch(/^accuracy on the test set: \d+ of 75 \((100|9\d)/);
  }
  expect(readdirSync(join(root, 'test/projects/pipeline')), 'the checkout stays as it is').toEqual(checkout);
  expect((await demo(dir, '--clean')).code).toBe(0);
  expect(existsSync(dir)).toBe(false);
});

test('scripts/demo --help says what it will do, and an unknown option is refused', async () => {
  const dir = join(scratchDir('demo'), 'demo');
  const help = await demo(dir, '--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(/Docker Engine.*base image/s);
  expect(await demo(dir, '--nonsense')).toMatchObject({ code: 2, stdout: '' });
  expect(existsSync(dir)).toBe(false);
});
