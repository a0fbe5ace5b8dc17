import { appendFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isGoingOn } from '../../../daemon/watching/going-on.ts';
import { bytePath } from '../../../daemon/snapshots/bytes.ts';
import { waitFor } from '../../support/wait-for.ts';
import { repository } from '../snapshots/lab.ts';
import { eyesOn } from './eyes.ts';

test('a big file that is being written is waited for, unless something else has changed', () => {
  const dir = repository({ 'train.py': '1\n' });
  const big = join(dir, 'big.bin');
  const written = (age: number): void => utimesSync(big, new Date(), new Date(Date.now() - age));
  const goesOn = (...dirty: string[]): boolean => isGoingOn(dir, new Set(), new Set(dirty.map(bytePath)), 5_000);
  writeFileSync(big, '');
  truncateSync(big, 20_000_000);
  written(0);
  expect(goesOn('big.bin')).toBe(true);
  expect(goesOn('big.bin', 'train.py')).toBe(false);
  expect(goesOn()).toBe(false);
  written(1_000);
  expect(goesOn('big.bin')).toBe(false);
  truncateSync(big, 1_000_000);
  written(0);
  expect(goesOn('big.bin')).toBe(false);
});

test('one that takes seconds to be written is one change', async () => {
  const dir = repository({ 'train.py': '1\n' });
  const eyes = await eyesOn(dir);
  writeFileSync(join(dir, 'big.bin'), Buffer.alloc(9_000_000));
  const began = Date.now();
  await waitFor(
    () => {
      appendFileSync(join(dir, 'big.bin'), 'more');
      return Date.now() - began > 2_500;
    },
    'it to be written',
    { every: 50 },
  );
  await eyes.caughtUp();
  expect(eyes.trees()).toHaveLength(2);
});
