import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { treeIn } from '../../../daemon/environments/tree-files.ts';
import { scratchDir } from '../../support/scratch.ts';

const made = () => {
  const dir = scratchDir('t');
  mkdirSync(join(dir, 'tree/sub'), { recursive: true });
  writeFileSync(join(dir, 'outside'), 'x');
  for (const [name, content] of Object.entries({
    'a.txt': 'ünïcode',
    'sub/b': '',
    'binary.whl': Buffer.of(0x50, 0xff, 0xfe),
    'other.bin': Buffer.of(0x50, 0xff, 0xfd),
    'big.bin': '',
  }))
    writeFileSync(join(dir, 'tree', name), content);
  // with holes: nothing of it lies on the disk
  truncateSync(join(dir, 'tree/big.bin'), 8 * 2 ** 30);
  symlinkSync('../outside', join(dir, 'tree/out'));
  symlinkSync('a.txt', join(dir, 'tree/in'));
  return treeIn(join(dir, 'tree'));
};

describe('the files of a tree', () => {
  test('are read where they are text', () => expect(made().read('a.txt')).toBe('ünïcode'));
  test('are read through links that stay in it', () => expect(made().read('in')).toBe('ünïcode'));
  test.each(['binary.whl', 'big.bin', 'sub', 'gone', 'out', '../outside'])('are not read: %s', (path) =>
    expect(made().read(path)).toBeNull(),
  );
  test('that are too big are there all the same', () => expect(made().has('big.bin')).toBe(true));
  test('have names', () => {
    expect(made().names('.')).toEqual(['a.txt', 'big.bin', 'binary.whl', 'in', 'other.bin', 'out', 'sub']);
    expect([made().names('a.txt'), made().names('gone')]).toEqual([null, null]);
  });
  test('are folders or not', () => expect(['sub', 'a.txt', 'gone'].map((path) => made().isFolder(path))).toEqual([true, false, false]));
});
