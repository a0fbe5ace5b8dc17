import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { restoring, type Noted } from '../../../daemon/environments/restore.ts';

const environ = (variables: Record<string, string>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\0`)
    .join('');
const noted = (before: Record<string, string>, after: Record<string, string>, more: Partial<Noted> = {}): Noted => ({
  before: environ(before),
  after: environ(after),
  directory: '/workflow',
  shell: '',
  namesBefore: null,
  namesAfter: null,
  trapsBefore: '',
  trapsAfter: '',
  jobs: '',
  ...more,
});
const text = (of: Noted, never: string[] = []): string => {
  const restored = restoring(of, '/workflow', never);
  return restored.ok ? restored.value : `again: ${restored.failure.message}`;
};

describe('what a set-up leaves', () => {
  test('is what is new, changed or gone', () =>
    expect(text(noted({ SAME: '1', OLD: '1', GONE: '1' }, { SAME: '1', OLD: '2', NEW: 'a b' }))).toBe(
      "export OLD=2\nexport NEW='a b'\nunset GONE",
    ));
  test('is nothing where only the shell itself changed', () =>
    expect(text(noted({ _: 'a', SHLVL: '1', PWD: '/' }, { _: 'b', SHLVL: '2', PWD: '/x' }))).toBe(''));
  test.each(['a\nb', "it's", '$HOME `x` "y"', 'ünïcode', '\\', ''])('comes back byte for byte: %j', (value) => {
    const { stdout } = spawnSync('sh', ['-c', `${text(noted({}, { VALUE: value }))}\nprintf %s "$VALUE"`], { encoding: 'utf8' });
    expect(stdout).toBe(value);
  });
  test('is the folder it ended in', () => expect(text(noted({}, {}, { directory: '/workflow/a b' }))).toBe("cd '/workflow/a b'"));
});

describe('runs in the job itself', () => {
  test.each<[string, Noted]>([
    ['no `cat`', noted({}, {}, { after: null })],
    ['left a process running', noted({}, {}, { jobs: '12\n' })],
    ['sets a trap', noted({}, {}, { trapsAfter: "trap -- 'x' INT\n" })],
    ['exports a function', noted({}, { 'BASH_FUNC_f%%': '() { :; }' })],
    [
      'sets the variable A, which it does not export',
      noted({}, { B: '1' }, { namesBefore: 'PATH\n', namesAfter: 'PATH\nA\nB\ndstack_x\n' }),
    ],
  ])('one that %s', (why, of) => expect(text(of)).toMatch(new RegExp(`^again: .*${why}`)));
  test.each([
    ['exported', noted({}, { URL: 'https://se"cr$et@host' }), ['se"cr$et']],
    ['in a variable of bash', noted({}, {}, { shell: 'declare -- URL="se\\"cr\\$et"' }), ['se"cr$et']],
    ['one of its lines', noted({}, { KEY: 'line two' }), ['line one\nline two\n']],
  ])('one with a secret %s', (_where, of, never) => expect(text(of, never)).toContain('the value of a secret'));
  test('an empty secret is in nothing', () => expect(text(noted({}, { A: '1' }), [''])).toBe('export A=1'));
});
