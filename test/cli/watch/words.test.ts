import { describe, expect, test } from 'vitest';
import { attemptForms, changedText, endedForms, endingForms, fit, took } from '../../../cli/watch/words.ts';
import { width } from '../../../cli/terminal/text.ts';
import { aWatch } from '../support/a-watch.ts';

test.each([
  [0, '0 ms'],
  [84.4, '84 ms'],
  [999, '999 ms'],
  [1234, '1.2 s'],
  [9949, '9.9 s'],
  [9960, '10 s'],
  [125_000, '2 min 5 s'],
])('%d ms are read as %s', (ms, text) => expect(took(ms)).toBe(text));

test.each([
  [['a'], 1, 'a changed'],
  [['a', 'b'], 2, 'a and b changed'],
  [['a', 'b', 'c'], 3, 'a, b and c changed'],
  [['a', 'b', 'c', 'd'], 4, 'a, b, c and 1 more changed'],
  [['a', 'b', 'c'], 300, 'a, b, c and 297 more changed'],
  [['a\x1b[31m'], 1, 'a\\x1b[31m changed'],
  [[], 1, '1 file changed'],
] as const)('%j of %d', (changed, changes, text) => expect(changedText({ changed: [...changed], changes }, 3)).toBe(text));

test('the longest form that fits, else the last one cut', () => {
  expect(fit(['abcdef', 'abc'], null)).toBe('abcdef');
  expect(fit(['abcdef', 'abc'], 6)).toBe('abcdef');
  expect(fit(['abcdef', 'abc'], 5)).toBe('abc');
  expect(fit(['abcdef', 'abc'], 2)).toBe('a…');
});

describe('what stands above an attempt', () => {
  const at = (columns: number | null, over: Parameters<typeof aWatch>[0] = {}): string => fit(attemptForms(aWatch(over)), columns);

  test('what changed, how long it took, and how the one before ended', () => {
    expect(at(null)).toBe('attempt 4 · train.py changed · restarted in 84 ms · attempt 3 was stopped after 12 s');
  });

  test('on few columns whole words', () => {
    expect(at(34)).toBe('attempt 4 · 1 file changed');
    expect(at(20)).toBe('attempt 4');
  });

  test('on 80 columns the essential', () => {
    expect(at(74)).toBe('attempt 4 · train.py changed · in 84 ms · attempt 3 stopped after 12 s');
    const many = { changed: ['src/models/transformer/attention.py', 'conf/base.yaml', 'c', 'd'], changes: 5 };
    expect(at(74, many)).toBe('attempt 4 · attention.py and 4 more changed · in 84 ms · attempt 3 stopped');
    expect(at(194, many)).toBe(
      'attempt 4 · src/models/transformer/attention.py, conf/base.yaml, c and 2 more changed · restarted in 84 ms · attempt 3 was stopped after 12 s',
    );
  });

  test.each([
    [{ cause: 'asked' as const, changed: [], changes: 0 }, 'attempt 4 · asked for · restarted in 84 ms'],
    [{ cause: 'host' as const }, 'attempt 4 · the machine was back · restarted in 84 ms'],
    [{ cause: 'preempted' as const }, 'attempt 4 · it had made room · restarted in 84 ms'],
    [{ restartMs: null }, 'attempt 4 · train.py changed'],
    [
      { fresh: 'requirements.txt changed', restartMs: 3210 },
      'attempt 4 · train.py changed · fresh container: requirements.txt changed · restarted in 3.2 s',
    ],
    [
      { before: { attempt: 3, how: 'itself' as const, exitCode: 1, ranMs: 900 } },
      'attempt 4 · train.py changed · restarted in 84 ms · attempt 3 ended with exit code 1 after 900 ms',
    ],
    [
      { before: { attempt: 3, how: 'container' as const, exitCode: null, ranMs: 900 } },
      'attempt 4 · train.py changed · restarted in 84 ms · attempt 3 ended with its container after 900 ms',
    ],
    [
      { before: { attempt: 3, how: 'container' as const, exitCode: null, ranMs: null } },
      'attempt 4 · train.py changed · restarted in 84 ms · attempt 3 could not start',
    ],
  ])('%j', (over, text) => expect(at(null, { before: null, ...over })).toBe(text));

  test('no form is longer than the one before it by more than a word, and the last fits anywhere', () => {
    const forms = attemptForms(aWatch({ changed: ['x'.repeat(300)], changes: 1, fresh: 'y'.repeat(300) }));
    expect(fit(forms, 74)).toBe('attempt 4 · 1 file changed · fresh container · in 84 ms');
    for (const columns of [10, 40, 74, 120]) expect(width(fit(forms, columns))).toBeLessThanOrEqual(columns);
  });
});

describe('when an attempt has ended', () => {
  const ended = { phase: 'ended' as const, exitCode: 1, endedAt: '2026-01-01T00:00:03.000Z' };
  test('how, and the keys', () => {
    const forms = endedForms(aWatch(ended), true);
    expect(fit(forms, 199)).toBe('attempt 4 ended with exit code 1 after 3.0 s · waiting for changes · r rerun, d detach, q quit, ? keys');
    expect(fit(forms, 79)).toBe('attempt 4: exit code 1 after 3.0 s · waiting for changes · ? keys');
    expect(fit(forms, 34)).toBe('attempt 4: exit code 1 after 3.0 s');
  });
  test('one that never began did not end with anything', () => {
    const lost = { ...ended, how: 'container' as const, exitCode: null };
    expect(endedForms(aWatch(lost), false)).toEqual(['attempt 4 ended with its container · waiting for changes']);
    expect(endedForms(aWatch({ ...lost, startedAt: null }), false)).toEqual(['attempt 4 could not start · waiting for changes']);
  });
  test('one that is told to end has so long for that', () => {
    expect(endingForms(aWatch({ grace: 10 }))).toEqual(['attempt 4 is being stopped, and killed after 10 s', 'attempt 4 is being stopped']);
    expect(endingForms(aWatch())).toEqual(['attempt 4 is being stopped']);
  });
  test('without keys where nobody types, and nobody who watches', () => {
    expect(endedForms(aWatch(ended), false)).toEqual(['attempt 4 ended with exit code 1 after 3.0 s · waiting for changes']);
    expect(endedForms(aWatch({ ...ended, exitCode: null, sees: 'nobody' }), false)).toEqual([
      'attempt 4 ended after 3.0 s · nobody watches the files',
    ]);
  });
});
