/** Deletes what somebody is still at work in. */
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { removeAll } from '../../daemon/remove-all.ts';
import { scratchDir } from '../support/scratch.ts';

const files = Array.from({ length: 500 }, (_, i) => `f${i}`);

/** Makes a folder a link to elsewhere and back, as fast as it can. */
const swapper = `
const { renameSync } = require('node:fs');
const { workerData: { root, link, kept } } = require('node:worker_threads');
const quietly = (from, to) => { try { renameSync(from, to); } catch {} };
for (let i = 0; i < 3000; i++) {
  quietly(root + '/d', kept);
  quietly(link, root + '/d');
  quietly(root + '/d', link);
  quietly(kept, root + '/d');
}`;

test('what is behind a link that a folder becomes while it is deleted stays', { timeout: 60_000 }, async () => {
  for (let round = 0; round < 8; round++) {
    const [root, beside, elsewhere] = [scratchDir('r'), scratchDir('b'), scratchDir('e')];
    mkdirSync(join(root, 'd'));
    symlinkSync(elsewhere, join(beside, 'link'));
    for (const dir of [join(root, 'd'), elsewhere]) for (const name of files) writeFileSync(join(dir, name), '');
    const worker = new Worker(swapper, { eval: true, workerData: { root, link: join(beside, 'link'), kept: join(beside, 'kept') } });
    await new Promise((resolve) => worker.once('online', resolve));
    // a folder that is away at the moment is none of it
    await removeAll(root).catch(() => undefined);
    await worker.terminate();
    expect(files.filter((name) => !existsSync(join(elsewhere, name)))).toEqual([]);
  }
});

test('what is not there is gone', async () => {
  await removeAll(join(scratchDir('r'), 'missing'));
});
