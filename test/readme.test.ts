/** Every command of the README is run: the tour's blocks in order, in one shell, each to success; the two commands of the first section by tests of their own. */
import { readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultConfig } from '../shared/config-file.ts';
import { command } from './support/command.ts';
import { startDaemon } from './support/daemon.ts';
import { scratchDir } from './support/scratch.ts';

const root = join(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('the commands of the README work as they stand', async () => {
  await using daemon = await startDaemon({ start: false });
  const blocks = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  expect(blocks.length).toBeGreaterThan(5);
  const bin = scratchDir('bin');
  symlinkSync(join(root, 'scripts/dstack'), join(bin, 'dstack'));
  const env = { ...daemon.env, PATH: `${bin}:${daemon.env['PATH']}` };
  const { code, stdout, stderr } = await command('bash', ['-exc', blocks.join('\n')], { cwd: scratchDir('tour'), env });
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('fitting 5 -> 25');
  expect(stdout).toContain('y = x^2');
  expect(stdout).toContain('the token is ******');
});

test('the two commands stand in it', () => {
  // scripts/test is what runs this; scripts/demo is run by test/scripts/demo.test.ts
  expect(readme).toMatch(/^ {4}scripts\/demo /m);
  expect(readme).toMatch(/^ {4}scripts\/test /m);
});

test('every dependency is justified in one line, those that are bundled too', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  const sources = ['cli', 'daemon', 'shared'].flatMap((dir) =>
    readdirSync(join(root, dir), { recursive: true, encoding: 'utf8' }).flatMap((name) =>
      name.endsWith('.ts') ? [join(root, dir, name)] : [],
    ),
  );
  const imported = sources.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/^(?!import type).*(?: from |import\()'([a-z@][^':]*)'/gm)].map((match) => match[1] ?? ''),
  );
  const names = new Set([...Object.keys(dependencies), ...imported]);
  expect(names.size).toBeGreaterThan(5);
  for (const name of names) expect(readme, name).toMatch(new RegExp(`^\\| .*\\b${name}\\b.* \\| .+ \\|$`, 'm'));
});

test('it says plainly what access to Docker means, and where the variables of a run can be seen', () => {
  expect(readme).toMatch(/^- \*\*Access to Docker is root on that machine\.\*\*/m);
  expect(readme).toMatch(/^- \*\*A run's variables, its secrets among them, show in `docker inspect` while it runs\*\*/m);
});

test('it names the default image of every version of Python, and how an editor takes the schema', () => {
  const { images } = defaultConfig();
  const versions = Object.keys(images);
  const [first = '', last = ''] = [versions[0], versions.at(-1)];
  expect(readme).toContain(`| \`images\` | \`${first}: ${images[first]}\` … \`${last}: ${images[last]}\`, one for each version |`);
  expect(readme).toMatch(/^dstack schema >(\S+)\nsed .*# yaml-language-server: \$schema=/m);
});
