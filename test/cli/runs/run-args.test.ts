import { expect, test } from 'vitest';
import { oneSlip, splitRunArgs } from '../../../cli/runs/run-args.ts';
import { usageError } from '../../../cli/usage.ts';

const known = [
  { short: '-d', long: '--detach', required: false },
  { short: '-e', long: '--env', required: true },
  { long: '--gpu', required: true },
  { long: '--shm-size', required: true },
  { long: '--watch', required: false, optional: true },
  // as `<source:target[:ro]>`
  { long: '--mount', required: true, optional: true },
];
const split = (line: string): string => splitRunArgs(known, line.split(' '), usageError).join(' ');

test.each([
  ['-d train', '-d -- train'],
  ['train -d', '-d -- train'],
  ['--gpu 2 train --gpu=3', '--gpu 2 --gpu=3 -- train'],
  ['train -e -x', '-e -x -- train'],
  ['train --lr 0.1 -d x', '-d -- train --lr 0.1 x'],
  ['train -- -d --gpus', '-- train -d --gpus'],
  ['train -epochs 3', '-- train -epochs 3'],
  ['-eA=1 train', '-eA=1 -- train'],
  ['--unknown train', '--unknown -- train'],
  ['train --model resnet', '-- train --model resnet'],
  ['-d', '-d'],
  ['train --watch', '--watch= -- train'],
  ['--mount /a:/b train', '--mount /a:/b -- train'],
  ['train --mount /a:/b c', '--mount /a:/b -- train c'],
  ['--watch train', '--watch= -- train'],
  ['train --watch src conf/a.yaml -d x', '--watch=src --watch=conf/a.yaml -d -- train x'],
  ['train x --watch src --lr 0.1', '--watch=src -- train x --lr 0.1'],
  ['train --watch -- src', '--watch= -- train src'],
  ['--watch=src train --watch=conf x', '--watch=src --watch=conf -- train x'],
])('%s is read as %s', (line, read) => expect(split(line)).toBe(read));

test.each(['train --gpus 2', 'train --gp=1', 'train --shm_size 1GB', 'train --dteach'])('%s is refused', (line) => {
  expect(() => split(line)).toThrow(/Did you mean/);
});

test.each([
  ['gpu', 'gpu', true],
  ['gpus', 'gpu', true],
  ['gp', 'gpu', true],
  ['gup', 'gpu', true],
  ['cpu', 'gpu', true],
  ['model', 'nodes', false],
  ['upg', 'gpu', false],
  ['gpuss', 'gpu', false],
])('%s and %s: %s', (a, b, one) => expect(oneSlip(a, b)).toBe(one));
