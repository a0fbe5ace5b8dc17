import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { command, must } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';
import { dstack, pathWith } from './installed.ts';

const root = join(import.meta.dirname, '../..');
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

test('the tarball has the bundles and what goes with them, and nothing else', async () => {
  const names = (await must('tar', ['-tzf', inject('tarball')])).trim().split('\n');
  expect(names.filter((name) => !name.startsWith('package/dist/')).toSorted()).toEqual(['package/README.md', 'package/package.json']);
  const dist = names.filter((name) => name.startsWith('package/dist/')).map((name) => name.slice('package/dist/'.length));
  expect(dist.filter((name) => !name.endsWith('.cjs'))).toEqual(['licences.txt']);
  for (const name of ['dstack', 'cli', 'daemon', 'serve', 'upload']) expect(dist).toContain(`${name}.cjs`);
});

test('only what is native is installed beside it, and that without a compiler', () => {
  const folder = join(inject('prefix'), 'lib/node_modules/dstack-local');
  const packages = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
  expect(packages.toSorted()).toEqual(['better-sqlite3', 'node-addon-api']);
  expect(existsSync(join(folder, 'node_modules/better-sqlite3/build'))).toBe(false);
  accessSync(dstack(), constants.X_OK);
});

test('the compile cache is in the folder of the user, or where they want it', async () => {
  const home = scratchDir('c');
  const env = { PATH: pathWith('24'), HOME: home, DSTACK_HOME: join(home, 'h') };
  await must(dstack(), ['schema'], { env });
  expect(readdirSync(join(home, '.cache/dstack'))).not.toEqual([]);
  await must(dstack(), ['schema'], { env: { ...env, XDG_CACHE_HOME: join(home, 'x') } });
  expect(readdirSync(join(home, 'x/dstack'))).not.toEqual([]);
  // a home that cannot be written to is no obstacle
  expect(await must(dstack(), ['--version'], { env: { ...env, HOME: '/dev/null' } })).toBe(`${own.version}\n`);
});

test('one sentence where Node.js is too old', async () => {
  const dir = scratchDir('o');
  const old = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.20.2'})`;
  const { code, stdout, stderr } = await command(dstack(), ['ps'], {
    env: { PATH: pathWith('22'), HOME: dir, DSTACK_HOME: dir, NODE_OPTIONS: `--import=${old}` },
  });
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'dstack: it needs Node.js 22.18 or newer, and this is 20.20.2.\n',
  });
});
