import { type Stats, chmodSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contents, git, repository, shoot, snapshotsIn, tempDir, write } from './lab.ts';

const name = fc.constantFrom('a', 'b', 'c.py', 'd', 'a.b', 'a-b');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const content = fc.constantFrom('', 'one', 'two', 'longer text\r\n', '\x00\x01');

const edit = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), path, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('link' as const), path, target: path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o644, 0o755) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('make directory' as const), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write many' as const), content }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stage' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** Makes room for a path: what stands there goes, and whatever is above it becomes a directory. */
function clear(dir: string, path: string): string {
  const at = join(dir, path);
  for (let above = ''; above !== dirname(path);) {
    above = path
      .split('/')
      .slice(0, above === '' ? 1 : above.split('/').length + 1)
      .join('/');
    if (above === path) break;
    if (look(join(dir, above))?.isDirectory() === false) rmSync(join(dir, above));
    mkdirSync(join(dir, above), { recursive: true });
  }
  rmSync(at, { recursive: true, force: true });
  return at;
}

function look(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
}

function apply(dir: string, step: Edit): void {
  switch (step.do) {
    case 'write':
      return writeFileSync(clear(dir, step.path), step.content);
    case 'delete':
      return void clear(dir, step.path);
    case 'link':
      return symlinkSync(step.target, clear(dir, step.path));
    case 'chmod':
      return look(join(dir, step.path))?.isFile() ? chmodSync(join(dir, step.path), step.mode) : undefined;
    case 'move': {
      const inside = `${step.to}/`.startsWith(`${step.path}/`) || `${step.path}/`.startsWith(`${step.to}/`);
      const at = join(dir, step.path);
      if (inside || !look(at)) return;
      clear(dir, step.to);
      return look(at) ? renameSync(at, join(dir, step.to)) : undefined;
    }
    case 'make directory':
      mkdirSync(clear(dir, step.path));
      return;
    case 'write many':
      clear(dir, 'many');
      for (let i = 0; i < 80; i++) write(dir, { [`many/${i % 3}/${i}`]: `${step.content}${i % 20}` });
      return;
    case 'stage':
      return void git(dir, 'add', '-A');
    case 'commit':
      return void git(dir, 'commit', '-q', '--allow-empty', '-m', 'more');
    case 'restart':
      return;
  }
}

test.each(['a repository', 'a plain directory'])(
  'whatever is done to %s, a snapshot is what is there, byte for byte',
  { timeout: 120_000 },
  async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 5, maxLength: 25 }), async (steps) => {
        const dir = kind === 'a repository' ? repository({ start: '1' }) : tempDir();
        const home = tempDir();
        let snapshots = snapshotsIn(home);
        for (const step of steps) {
          if (kind !== 'a repository' && (step.do === 'stage' || step.do === 'commit')) continue;
          apply(dir, step);
          if (step.do === 'restart') snapshots = snapshotsIn(home);
          const shot = await shoot(snapshots, dir);
          const expected = contents(dir);
          expect(shot.holds).toEqual(expected);
          expect(shot.files).toBe(Object.keys(expected).length);
          expect(shot.warnings).toEqual([]);
        }
      }),
      { numRuns: 12 },
    );
  },
);
