/** Once per test run: the package as `npm pack` makes it, installed into a fresh prefix; which Node.js there are. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { must } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** of the installation */
    prefix: string;
    tarball: string;
    /** by major version: a folder that has nothing but `node`, for the PATH */
    nodes: Record<string, string>;
  }
}

const root = join(import.meta.dirname, '../..');

export default async function setup({ provide }: TestProject): Promise<void> {
  const others = (process.env['DSTACK_TEST_NODES'] ?? '').split(' ').filter(Boolean);
  if (others.length === 0) throw new Error('other versions of Node.js are needed: scripts/test --pack fetches them');
  const own = join(root, 'node_modules/node/bin/node');
  const nodes = Object.fromEntries(
    [['24', own], ...others.map((pair) => pair.split('='))].map(([major = '', path = '']) => [major, only(path)]),
  );
  const dir = scratchDir('pack');
  const npm = (...args: string[]) => must('npm', [...args, '--loglevel=error', '--no-update-notifier'], { cwd: root, seconds: 300 });
  const name = (await npm('pack', '--pack-destination', dir)).trim().split('\n').at(-1) ?? '';
  const tarball = join(dir, name);
  const prefix = join(dir, 'prefix');
  await npm('install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball);
  provide('prefix', prefix);
  provide('tarball', tarball);
  provide('nodes', nodes);
}

/** A folder with a link `node` to the program. */
function only(path: string): string {
  const dir = scratchDir('n');
  mkdirSync(dir, { recursive: true });
  symlinkSync(path, join(dir, 'node'));
  return dir;
}
