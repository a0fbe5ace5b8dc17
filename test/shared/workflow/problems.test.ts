import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { parseWorkflows } from '../../../shared/workflow/load.ts';
import type { Problem } from '../../../shared/workflow/model.ts';
import { renderProblem, renderProblems } from '../../../shared/workflow/problems.ts';
import { bash } from './helpers.ts';

const problem: Problem = {
  file: '/p/.dstack/workflows.yaml',
  line: 5,
  column: 5,
  length: 10,
  sourceLine: '    artifiacts: [x]',
  message: '`artifiacts` is not a key of bash workflows',
  hint: 'did you mean `artifacts`?',
  severity: 'error',
};

test('file, line and column, the source with a caret, what is wrong, what to do', () => {
  const loaded = parseWorkflows([{ path: '/p/.dstack/workflows.yaml', text: bash('artifiacts: [x]') }]);
  expect(loaded.ok ? [] : loaded.problems).toEqual([problem]);
  expect(renderProblem(problem, { cwd: '/p' })).toBe(
    [
      '.dstack/workflows.yaml:5:5: `artifiacts` is not a key of bash workflows',
      '    artifiacts: [x]',
      '    ^^^^^^^^^^',
      'did you mean `artifacts`?',
    ].join('\n'),
  );
});

test('files elsewhere are named in full', () => {
  expect(renderProblem(problem)).toMatch(/^\/p\/\.dstack\/workflows\.yaml:5:5: /);
  expect(renderProblem(problem, { cwd: '/q' })).toMatch(/^\/p\/\.dstack\/workflows\.yaml:5:5: /);
  expect(renderProblem({ ...problem, file: 'x.yaml' }, { cwd: '/q' })).toMatch(/^x\.yaml:5:5: /);
});

test('a hint says that it is one', () => {
  expect(renderProblem({ ...problem, severity: 'hint', hint: null })).toMatch(/:5:5: hint: `artifiacts`.*\n.*\n +\^+$/);
});

test('colour only where it is asked for, and nothing else', () => {
  const plain = renderProblem(problem);
  expect(plain).toBe(stripVTControlCharacters(plain));
  const coloured = renderProblem(problem, { color: true });
  expect(coloured).not.toBe(plain);
  expect(stripVTControlCharacters(coloured)).toBe(plain);
});

const lines = (sourceLine: string, column: number, length: number): (string | undefined)[] =>
  renderProblem({ ...problem, sourceLine, column, length })
    .split('\n')
    .slice(1, 3);

test('the caret stands below its text', () => {
  expect(lines('\tkey: x', 2, 3)).toEqual(['  key: x', '  ^^^']);
  expect(lines('日本: x', 5, 1)).toEqual(['日本: x', '      ^']);
  expect(lines('a: 日本', 4, 2)).toEqual(['a: 日本', '   ^^^^']);
  expect(lines('é 😀 x', 6, 1)).toEqual(['é 😀 x', '     ^']);
  expect(lines('a: ', 4, 1)).toEqual(['a:', '   ^']);
});

test('a long line is shown around the caret', () => {
  const [line, caret] = lines(`${'a'.repeat(500)}XYZ${'b'.repeat(500)}`, 501, 3);
  expect(line).toHaveLength(120);
  expect(line?.slice(caret?.indexOf('^'), caret?.length)).toBe('XYZ');
  const [start, carets] = lines('k'.repeat(2000), 1, 2000);
  expect([start?.length, carets?.length]).toEqual([120, 120]);
});

test('control characters of a file do not reach the terminal', () => {
  const text = renderProblem({ ...problem, sourceLine: '\u001b[2J\u202ex', message: 'a\u0007b', column: 1, length: 2 });
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  expect(text).not.toMatch(/[\u0007\u001b\u202e]/);
});

test('an empty line needs no caret', () => {
  expect(renderProblem({ ...problem, sourceLine: '', column: 1, length: 1 }).split('\n')).toHaveLength(2);
});

test('several, an empty line between them', () => {
  expect(renderProblems([problem, problem]).split('\n\n')).toEqual([renderProblem(problem), renderProblem(problem)]);
});
