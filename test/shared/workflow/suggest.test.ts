import { expect, test } from 'vitest';
import { nearest } from '../../../shared/workflow/suggest.ts';

const keys = ['artifacts', 'deps', 'env', 'commands', 'working_dir', 'gpu', 'cpu', 'help'];

test.each([
  ['artifiacts', 'artifacts'],
  ['artifact', 'artifacts'],
  ['comamnds', 'commands'],
  ['working-dir', 'working_dir'],
  ['workingdir', 'working_dir'],
  ['Commands', 'commands'],
  ['dep', 'deps'],
  ['evn', 'env'],
  ['gpus', 'gpu'],
  ['gup', 'gpu'],
  ['xyz', null],
  ['a', null],
  ['', null],
  ['something else', null],
])('%s', (word, expected) => {
  expect(nearest(word, keys)).toBe(expected);
});

test('the nearest of several, the first of equals', () => {
  expect(nearest('tran', ['trains', 'train', 'tram'])).toBe('train');
  expect(nearest('train', [])).toBeNull();
});

test('a word of any length', () => {
  expect(nearest('x'.repeat(100_000), keys)).toBeNull();
});
