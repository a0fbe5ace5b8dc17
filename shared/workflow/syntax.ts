import type { Document, YAMLError } from 'yaml';
import type { Source } from './source.ts';

/** Reports what the YAML parser could not read: one problem per line, since one slip often breaks what follows on it. */
export function reportSyntax(doc: Document.Parsed, source: Source): void {
  const lines = new Set<number>();
  for (const error of doc.errors.toSorted((a, b) => a.pos[0] - b.pos[0])) {
    const span = { start: error.pos[0], end: error.pos[1] };
    const line = source.lineOf(span);
    if (lines.has(line)) continue;
    lines.add(line);
    const { message, hint } = inWords(error, source.text);
    source.report(span, message, hint);
  }
  for (const warning of doc.warnings) {
    const span = { start: warning.pos[0], end: warning.pos[1] };
    if (warning.code === 'TAG_RESOLVE_FAILED')
      source.report(span, `the type ${source.text.slice(span.start, span.end)} is not known and ignored`, null, 'hint');
  }
}

/** The parser's error in the words of someone who writes workflow files. */
function inWords(error: YAMLError, text: string): { message: string; hint: string | null } {
  const missingSpace = 'a space belongs behind the colon: `key: value`';
  const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1).split('\n', 1)[0] ?? '';
  switch (error.code) {
    case 'MULTILINE_IMPLICIT_KEY':
      if (/^\s*(- )?[\w-]+:\S/.test(line)) return { message: 'this line has no value', hint: missingSpace };
      return {
        message: 'this is neither a key with a value nor part of the line before',
        hint: 'write `key: value`, and indent it like its neighbours',
      };
    case 'BLOCK_AS_IMPLICIT_KEY':
      return {
        message: 'there is a second `: ` on this line',
        hint: 'quote text that contains `: `, and check the indentation of the next line',
      };
    case 'TAB_AS_INDENT':
      return { message: 'a tab is used to indent', hint: 'YAML takes spaces only' };
    case 'BAD_SCALAR_START':
      return { message: `text cannot begin with \`${text[error.pos[0]] ?? ''}\``, hint: 'quote it' };
    case 'BAD_DQ_ESCAPE':
      return {
        message: `${text.slice(error.pos[0], error.pos[0] + 2)} is no escape that YAML knows`,
        hint: 'double the backslash, or use single quotes',
      };
    case 'MULTIPLE_DOCS':
      return { message: 'a second document begins here', hint: 'a workflow file holds one: remove the `---`, or write two files' };
    default:
      return { message: `YAML cannot read this: ${lowerFirst(error.message)}`, hint: null };
  }
}

/** The parser appends the place to its message in some modes; the problem has it already. */
const lowerFirst = (message: string): string => {
  const line = (message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  return line.charAt(0).toLowerCase() + line.slice(1);
};
