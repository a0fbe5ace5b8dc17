import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ownVersion } from '../../shared/version.ts';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';
import { root } from './support/daemon-double.ts';

const launcher = join(root, 'scripts/dstack');
const env = { PATH: process.env['PATH'] };

test('runs the checkout, also through links and from anywhere', async () => {
  const dir = scratchDir('l');
  symlinkSync(launcher, join(dir, 'one'));
  mkdirSync(join(dir, 'bin'));
  symlinkSync('../one', join(dir, 'bin/dstack'));
  const version = { code: 0, stdout: `${ownVersion()}\n`, stderr: '' };
  expect(await command(launcher, ['--version'], { env })).toEqual(version);
  expect(await command(join(dir, 'bin/dstack'), ['--version'], { env, cwd: '/' })).toEqual(version);
  expect(await command('dstack', ['--version'], { env: { PATH: `${join(dir, 'bin')}:${process.env['PATH']}` }, cwd: '/' })).toEqual(
    version,
  );
  expect(await command('bash', ['dstack', '--version'], { env, cwd: join(root, 'scripts') })).toEqual(version);
});

test('passes arguments and the exit status on', async () => {
  expect(await command(launcher, ['run', '--retry', 'two words', 'x'], { env: { ...env, DSTACK_HOME: '/nonexistent' } })).toMatchObject({
    code: 1,
    stderr: '--retry two words: this is not a whole number\nFor example --retry 1\n',
  });
});

/** A checkout with nothing in it but the launcher and the given packages; `node` on the PATH says it is of this version. */
function bareCheckout(packages: string[], nodeVersion: string): { dstack: string; env: NodeJS.ProcessEnv } {
  const dir = scratchDir('b');
  mkdirSync(join(dir, 'scripts'));
  copyFileSync(launcher, join(dir, 'scripts/dstack'));
  for (const name of packages) mkdirSync(join(dir, 'node_modules', name), { recursive: true });
  mkdirSync(join(dir, 'bin'));
  writeFileSync(join(dir, 'bin/node'), `#!/bin/sh\n[ "$1" = --version ] && echo ${nodeVersion} || echo "node $@"\n`, { mode: 0o755 });
  return { dstack: join(dir, 'scripts/dstack'), env: { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` } };
}

test('one sentence when the packages are not installed, or Node is too old', async () => {
  const empty = bareCheckout([], 'v24.0.0');
  expect(await command(empty.dstack, ['ps'], { env: empty.env })).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^dstack: its packages are not installed; run: npm ci .+\n$/),
  });
  for (const version of ['v20.20.2', 'v22.17.9']) {
    const old = bareCheckout(['commander'], version);
    expect(await command(old.dstack, ['ps'], { env: old.env })).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^dstack: it needs Node\.js 22\.18 or newer, .+\n$/),
    });
  }
});

test("without a Node of its own it takes the PATH's", async () => {
  const own = bareCheckout(['commander'], 'v22.18.0');
  expect(await command(own.dstack, ['ps', '-a'], { env: own.env })).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^node .*\/cli\/main\.ts ps -a\n$/),
  });
});

test('the start loads neither a validator, nor YAML, nor WebSockets', async () => {
  const script = `
    const { registerHooks } = await import('node:module');
    const seen = [];
    registerHooks({ load: (url, context, next) => { seen.push(url); return next(url, context); } });
    const { build } = await import(${JSON.stringify(join(root, 'cli/program.ts'))});
    const { createCli } = await import(${JSON.stringify(join(root, 'cli/context.ts'))});
    await build(createCli({ DSTACK_HOME: '/nonexistent' }, '/'), 'run');
    console.log(seen.filter((url) => /node_modules/.test(url)).map((url) => url.replace(/.*node_modules\\/([^/]+)\\/.*/, '$1')).join(' '));
    console.log(seen.some((url) => url.includes('undici')) || process.moduleLoadList.some((name) => name.includes('undici')) ? 'undici' : 'no undici');`;
  const { stdout } = await command(join(root, 'node_modules/node/bin/node'), ['--input-type=module', '-e', script], { env });
  const [packages = '', undici] = stdout.trim().split('\n');
  expect([...new Set(packages.split(' '))]).toEqual(['commander']);
  expect(undici).toBe('no undici');
});
