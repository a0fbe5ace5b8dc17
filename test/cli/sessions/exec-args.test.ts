import { expect, test } from 'vitest';
import { splitExecArgs } from '../../../cli/sessions/exec-args.ts';

const known = [
  { short: '-w', long: '--workdir', required: true },
  { long: '--no-tty', required: false },
];
const split = (line: string): string => splitExecArgs(known, line.split(' ')).join(' ');

test.each([
  ['run-1 -- ls -w x', '-- run-1 ls -w x'],
  ['run-1 ls -w x', '-- run-1 ls -w x'],
  ['-w dir run-1 --no-tty ls -- -l', '-w dir --no-tty -- run-1 ls -- -l'],
  ['--workdir=dir run-1 -w other -- -strange', '--workdir=dir -w other -- run-1 -strange'],
  ['run-1 --unknown ls', '--unknown -- run-1 ls'],
  ['run-1 -', '-- run-1 -'],
  ['run-1', '-- run-1'],
  ['--help', '--help'],
])('%s', (line, words) => {
  expect(split(line)).toBe(words);
});
