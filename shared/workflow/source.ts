import { LineCounter } from 'yaml';
import type { Problem } from './model.ts';

/** Offsets into a file's text, the end not included. */
export interface Span {
  start: number;
  end: number;
}

/** One workflow file while it is read: its text, and what is wrong with it so far. */
export interface Source {
  path: string;
  text: string;
  problems: Problem[];
  /** a problem at a place; what spans lines is marked to the end of its first line */
  report(span: Span, message: string, hint?: string | null, severity?: Problem['severity']): void;
  /** counts from 1 */
  lineOf(span: Span): number;
}

/** Errors, and hints, of one file: more would help nobody. */
const mostProblems = 100;

export function openSource(path: string, text: string): Source {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  const problems: Problem[] = [];
  const count = { error: 0, hint: 0 };

  const report: Source['report'] = (span, message, hint = null, severity = 'error') => {
    const start = Math.min(Math.max(span.start, 0), text.length);
    const { line, col } = lines.linePos(start);
    const lineStart = lines.lineStarts[line - 1] ?? 0;
    const newline = text.indexOf('\n', lineStart);
    const sourceLine = text.slice(lineStart, newline < 0 ? text.length : newline).replace(/\r$/, '');
    const column = Math.min(col, sourceLine.length + 1);
    const length = Math.max(1, Math.min(span.end - start, sourceLine.trimEnd().length - column + 1));
    if (problems.some((other) => other.line === line && other.column === column && other.message === message)) return;
    count[severity] += 1;
    const place = { file: path, line, column, length, sourceLine, severity };
    if (count[severity] < mostProblems) problems.push({ ...place, message, hint });
    else if (count[severity] === mostProblems)
      problems.push({ ...place, message: 'there is more to say about this file', hint: 'mend what is said before first' });
  };

  return { path, text, problems, report, lineOf: (span) => lines.linePos(span.start).line };
}
