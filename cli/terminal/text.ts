/** Text of files, names and messages on its way to a terminal: nothing in it may steer the terminal. */

// oxlint-disable-next-line no-control-regex -- these are the characters to find
const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters (all but tab and line feed) and direction marks made visible as `\xNN`: an escape sequence in a file's name stays text. */
export const printable = (text: string): string =>
  text.replace(steering, (char) => {
    const code = char.charCodeAt(0);
    return code > 0xff ? `\\u${code.toString(16)}` : `\\x${code.toString(16).padStart(2, '0')}`;
  });

/** One line of it: line feeds and tabs become spaces. */
export const oneLine = (text: string): string => printable(text.replace(/\s+/g, ' ').trim());

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const empty = /\p{Mn}|\p{Me}|\u200b|\u200c|\u200d|\ufe0f/u;

const charWidth = (char: string): number => (empty.test(char) ? 0 : wide.test(char) ? 2 : 1);

/** Columns that the text takes on a terminal. */
export function width(text: string): number {
  // most text: no need to look at each character
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const char of text) columns += charWidth(char);
  return columns;
}

// oxlint-disable-next-line no-control-regex -- these are the sequences to find
const sequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])|[\x00-\x1f\x7f]/g;

/** The same of a program's own output: what steers the terminal takes none. */
export const shownWidth = (text: string): number => width(text.replace(sequences, ''));

/** The text cut to `columns`, the last of them `…` where something is missing. */
export function truncate(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let out = '';
  let used = 0;
  for (const char of text) {
    if (used + charWidth(char) > columns - 1) break;
    out += char;
    used += charWidth(char);
  }
  return columns < 1 ? '' : `${out}…`;
}

/** The text in lines of at most `columns`, broken between words, and not within what stands in backquotes where that fits into a line. Null: as it is. */
export function wrap(text: string, columns: number | null): string {
  if (columns === null) return text;
  return text
    .split('\n')
    .map((line) => (width(line) < columns ? line : wrapped(line, columns - 1)))
    .join('\n');
}

function wrapped(line: string, columns: number): string {
  const whole = (part: string): string[] => (width(part) <= columns ? [part] : part.split(' '));
  const parts = (line.match(/[^\s`]*`[^`]*`\S*|\S+/g) ?? []).flatMap(whole);
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && width(last) + 1 + width(part) <= columns) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(part);
  }
  return lines.join('\n');
}
