import { createHash } from 'node:crypto';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createSnapshots } from '../../../daemon/snapshots/create-snapshots.ts';
import { diskUse } from '../../../daemon/snapshots/disk-use.ts';
import type { Snapshots } from '../../../daemon/snapshots/snapshots.ts';
import { unwrap } from '../../../shared/result.ts';
import { must } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';

const place = { owner: 'ann:3001', dir: '/home/ann/project' };
const maxBytes = 10e6;

/** One end: a user's cache, or the daemon. */
function end(): { dir: string; snapshots: Snapshots } {
  const dir = scratchDir('s');
  const at = (name: string) => join(dir, name);
  return {
    dir,
    snapshots: createSnapshots({
      ...{ dir: at('snapshots'), treesDir: at('trees'), workspacesDir: at('workspaces') },
      ...{ warnBytes: () => 1e6, maxBytes: () => maxBytes },
      deleteAsRoot: () => Promise.reject(new Error('not needed')),
    }),
  };
}

/** A pack of objects of the test's own making, and the id that git gave the last. */
async function packOf(
  make: (git: (args: string[], input?: string | Buffer) => Promise<string>) => Promise<string[]>,
): Promise<{ pack: string; tree: string }> {
  const dir = scratchDir('g');
  const git = async (args: string[], input?: string | Buffer) =>
    (await must('git', ['-C', dir, ...args], { ...(input !== undefined && { input }) })).trim();
  await git(['init', '-q']);
  const ids = await make(git);
  const name = await git(['pack-objects', '-q', join(dir, 'p')], ids.join('\n') + '\n');
  return { pack: join(dir, `p-${name}.pack`), tree: ids.at(-1) ?? '' };
}

test('only what is new travels, and lies there as it was', async () => {
  const [user, daemon] = [end(), end()];
  const project = scratchDir('p');
  for (let i = 0; i < 20; i++) writeFileSync(join(project, `file${i}`), Buffer.alloc(10_000, String(i * 7919)));
  const sent = async (): Promise<{ tree: string; bytes: number }> => {
    const { tree } = unwrap(await user.snapshots.take(project));
    const pack = join(user.dir, 'pack');
    unwrap(await user.snapshots.send(project, tree, await daemon.snapshots.received(place), pack));
    unwrap(await daemon.snapshots.receive(place, tree, pack));
    return { tree, bytes: statSync(pack).size };
  };
  const first = await sent();
  mkdirSync(join(project, 'sub'));
  writeFileSync(join(project, 'sub/new'), 'new');
  const second = await sent();
  expect(first.bytes).toBeGreaterThan(10_000);
  expect(second.bytes).toBeLessThan(2_000);
  expect(new Set(await daemon.snapshots.received(place))).toEqual(new Set([first.tree, second.tree]));
  const dir = unwrap(await daemon.snapshots.materialize(place, second.tree));
  await must('diff', ['-r', project, dir]);
  // to know the name of a tree is no right to it
  const other = { owner: 'bob:3002', dir: place.dir };
  expect(await daemon.snapshots.materialize(other, second.tree)).toMatchObject({ ok: false, failure: { code: 'snapshot_needed' } });
});

const mktree = (git: (args: string[], input?: string | Buffer) => Promise<string>, lines: string[]): Promise<string> =>
  git(['mktree', '--missing', '-z'], lines.map((line) => `${line}\0`).join(''));
const rawTree = (git: (args: string[], input?: string | Buffer) => Promise<string>, entries: [string, string, string][]): Promise<string> =>
  git(
    ['hash-object', '-t', 'tree', '--literally', '-w', '--stdin'],
    Buffer.concat(entries.flatMap(([mode, name, id]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, 'hex')])),
  );

test.each<[string, Parameters<typeof packOf>[0], string]>([
  [
    'a file that is missing',
    async (git) => [await mktree(git, ['100644 blob 1111111111111111111111111111111111111111\ta'])],
    'bad_snapshot',
  ],
  [
    'a name that leads out',
    async (git) => {
      const blob = await git(['hash-object', '-w', '--stdin'], 'x');
      const inner = await rawTree(git, [['100644', 'passwd', blob]]);
      return [blob, inner, await rawTree(git, [['40000', '..', inner]])];
    },
    'bad_snapshot',
  ],
  [
    'a link and a folder of one name',
    async (git) => {
      const blob = await git(['hash-object', '-w', '--stdin'], '/etc');
      const inner = await rawTree(git, [['100644', 'passwd', blob]]);
      return [
        blob,
        inner,
        await rawTree(git, [
          ['120000', 'a', blob],
          ['40000', 'a', inner],
        ]),
      ];
    },
    'bad_snapshot',
  ],
  [
    'a repository of hooks',
    async (git) => {
      const blob = await git(['hash-object', '-w', '--stdin'], 'x');
      const inner = await rawTree(git, [['100755', 'post-checkout', blob]]);
      return [blob, inner, await rawTree(git, [['40000', '.git', inner]])];
    },
    'bad_snapshot',
  ],
  [
    'a small tree that stands for ten thousand million files',
    async (git) => {
      const ids = [await git(['hash-object', '-w', '--stdin'], '')];
      for (let depth = 0; depth < 10; depth++) {
        const kind = depth === 0 ? '100644 blob' : '040000 tree';
        ids.push(
          await mktree(
            git,
            Array.from({ length: 10 }, (_, i) => `${kind} ${ids.at(-1)}\t${i}`),
          ),
        );
      }
      return ids;
    },
    'too_large',
  ],
  [
    'a small pack of a big file',
    async (git) => {
      const blob = await git(['hash-object', '-w', '--stdin'], Buffer.alloc(maxBytes + 1));
      return [blob, await mktree(git, [`100644 blob ${blob}\tbig`])];
    },
    'too_large',
  ],
  [
    'a name that is longer than any path',
    async (git) => {
      const blob = await git(['hash-object', '-w', '--stdin'], '');
      return [blob, await rawTree(git, [['100644', 'n'.repeat(100_000), blob]])];
    },
    'bad_snapshot',
  ],
])('%s is refused, and leaves nothing', async (_, make, code) => {
  const daemon = end();
  const { pack, tree } = await packOf(make);
  const [before = 0] = await diskUse([daemon.dir]);
  expect(await daemon.snapshots.receive(place, tree, pack)).toMatchObject({ ok: false, failure: { code } });
  expect(await daemon.snapshots.received(place)).toEqual([]);
  const [after = 0] = await diskUse([daemon.dir]);
  // the empty repository
  expect(after - before).toBeLessThan(200_000);
});

test('what is no pack, and a tree that is not in it, are refused', async () => {
  const daemon = end();
  const rubbish = join(daemon.dir, 'rubbish');
  writeFileSync(rubbish, 'PACK of lies');
  const missing = '2222222222222222222222222222222222222222';
  expect(await daemon.snapshots.receive(place, missing, rubbish)).toMatchObject({ ok: false, failure: { code: 'bad_snapshot' } });
  const { pack, tree } = await packOf(async (git) => {
    const blob = await git(['hash-object', '-w', '--stdin'], 'x');
    return [blob, await mktree(git, [`100644 blob ${blob}\ta`])];
  });
  expect(await daemon.snapshots.receive(place, missing, pack)).toMatchObject({ ok: false, failure: { code: 'bad_snapshot' } });
  expect(await daemon.snapshots.receive(place, '../../HEAD', pack)).toMatchObject({ ok: false, failure: { code: 'bad_snapshot' } });
  expect(await daemon.snapshots.receive(place, tree, pack)).toMatchObject({ ok: true });
});

test('an object that says it takes more memory than any does is not believed', async () => {
  const daemon = end();
  // one object, a tree of 2^40 bytes: four bits of its size, then seven in each byte
  const size = [0x80 | (2 << 4), 0x80, 0x80, 0x80, 0x80, 0x80, 0x02];
  const head = Buffer.from([...Buffer.from('PACK'), 0, 0, 0, 2, 0, 0, 0, 1, ...size]);
  const body = Buffer.concat([head, deflateSync(Buffer.alloc(1000))]);
  const pack = join(daemon.dir, 'pack');
  writeFileSync(pack, Buffer.concat([body, createHash('sha1').update(body).digest()]));
  const refused = await daemon.snapshots.receive(place, '2222222222222222222222222222222222222222', pack);
  expect(refused).toMatchObject({ ok: false, failure: { message: expect.stringContaining('over limit') } });
});
