/** Folders that somebody turns into links to elsewhere while this process, which may be root, is at work in them. */
import { lstatSync, mkdirSync, readdirSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { settle } from '../../../daemon/artifacts/settle.ts';
import { walk } from '../../../daemon/artifacts/walk.ts';
import { scratchDir } from '../../support/scratch.ts';

/** `root/d/secret`, and another `secret` elsewhere. */
function place(): { root: string; elsewhere: string; swap: () => void } {
  const [root, elsewhere] = [scratchDir('w'), scratchDir('e')];
  mkdirSync(join(root, 'd'));
  for (const dir of [join(root, 'd'), elsewhere]) writeFileSync(join(dir, 'secret'), dir === elsewhere ? 'of somebody else' : '');
  const swap = (): void => {
    renameSync(join(root, 'd'), join(root, 'moved'));
    symlinkSync(elsewhere, join(root, 'd'));
  };
  return { root, elsewhere, swap };
}

test('a folder that becomes a link before it is read is not entered', async () => {
  const { root, swap } = place();
  const seen: string[] = [];
  for await (const { name } of walk(root)) {
    seen.push(name.toString());
    if (name.toString() === 'd') swap();
  }
  expect(seen).toEqual(['', 'd']);
});

test('what is found in a folder is reached through that folder, whatever has its name by then', async () => {
  const { root, elsewhere, swap } = place();
  for await (const { name, path } of walk(root)) {
    if (name.toString() !== 'd/secret') continue;
    swap();
    expect(statSync(path).ino).toBe(statSync(join(root, 'moved/secret')).ino);
    expect(statSync(path).ino).not.toBe(statSync(join(elsewhere, 'secret')).ino);
  }
});

test('no file is left open by a walk, broken off or not', async () => {
  const { root } = place();
  const opened = (): number => readdirSync('/proc/self/fd').length;
  const before = opened();
  for await (const { name } of walk(root)) if (name.toString() === 'd/secret') break;
  for await (const _ of walk(root));
  expect(opened()).toBe(before);
});

test('while a job keeps changing folders into links, nothing behind them is given away or opened', { timeout: 60_000 }, async () => {
  const { root, elsewhere } = place();
  for (let i = 0; i < 100; i++) writeFileSync(join(root, 'd', `f${i}`), '', { mode: 0o000 });
  for (let i = 0; i < 100; i++) writeFileSync(join(elsewhere, `f${i}`), '', { mode: 0o000 });
  const owner = { uid: 12345, gid: 12345 };
  for (let round = 0; round < 20; round++) {
    let ended = false;
    const settled = settle(root, owner, () => Promise.resolve()).finally(() => (ended = true));
    while (!ended) {
      renameSync(join(root, 'd'), join(root, 'moved'));
      symlinkSync(elsewhere, join(root, 'd'));
      await new Promise((resolve) => setImmediate(resolve));
      renameSync(join(root, 'd'), join(root, `link`));
      renameSync(join(root, 'moved'), join(root, 'd'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await settled;
  }
  for (const name of readdirSync(elsewhere)) {
    const { uid, mode } = lstatSync(join(elsewhere, name));
    expect({ name, uid, mode: mode & 0o777 }).toEqual({ name, uid: process.getuid?.(), mode: name === 'secret' ? 0o644 : 0 });
  }
});
