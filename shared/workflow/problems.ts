import { relative, isAbsolute } from 'node:path';
import { styleText } from 'node:util';
import type { Problem } from './model.ts';

export interface RenderOptions {
  /** default: no */
  color?: boolean;
  /** files below it are named relative to it */
  cwd?: string;
}

/** Cells of a terminal that are shown of a long line. */
const shownWidth = 120;

/**
 * A problem for a person:
 *
 *     .dstack/workflows.yaml:9:5: `artifiacts` is not a key of bash workflows
 *         artifiacts: [ "checkpoint" ]
 *         ^^^^^^^^^^
 *     did you mean `artifacts`?
 */
export function renderProblem(problem: Problem, options: RenderOptions = {}): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    options.color ? styleText(style, text, { validateStream: false }) : text;
  const place = `${fileName(problem.file, options.cwd)}:${problem.line}:${problem.column}:`;
  const mark = problem.severity === 'error' ? 'red' : 'yellow';
  const { line, caret, length } = view(problem);
  const lines = [`${paint('bold', place)} ${problem.severity === 'hint' ? `${paint(mark, 'hint:')} ` : ''}${clean(problem.message)}`];
  if (line.trim() !== '') lines.push(line, ' '.repeat(caret) + paint(mark, '^'.repeat(length)));
  if (problem.hint !== null) lines.push(clean(problem.hint));
  return lines.join('\n');
}

/** All of them, an empty line between two. */
export const renderProblems = (problems: readonly Problem[], options: RenderOptions = {}): string =>
  problems.map((problem) => renderProblem(problem, options)).join('\n\n');

function fileName(file: string, cwd: string | undefined): string {
  const below = cwd !== undefined && isAbsolute(file) ? relative(cwd, file) : file;
  return clean(below.startsWith('..') ? file : below);
}

/** What is shown of the source line (a window where it is long), and the cells at which the caret begins and for which it goes on. */
function view(problem: Problem): { line: string; caret: number; length: number } {
  const at = problem.column - 1;
  const marked = problem.sourceLine.slice(at, at + Math.min(problem.length, shownWidth));
  const from = at + Math.min(problem.length, 40) > shownWidth ? at - 40 : 0;
  const before = clean(problem.sourceLine.slice(from, at));
  const line = before + clean(problem.sourceLine.slice(at, from + shownWidth));
  const caret = cells(before);
  return { line: line.trimEnd(), caret, length: Math.max(1, Math.min(cells(clean(marked)), shownWidth - caret)) };
}

/** A tab becomes two spaces; other control characters could play tricks with a terminal. */
const clean = (text: string): string => text.replaceAll('\t', '  ').replaceAll(unsafe, '\ufffd');

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Terminal cells: two for characters of East Asia and emoji, none for combining marks. */
function cells(text: string): number {
  let count = 0;
  for (const char of text) {
    if (/\p{Mn}|\u200d|\ufe0f/u.test(char)) continue;
    count += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
      char,
    )
      ? 2
      : 1;
  }
  return count;
}
