/** Arguments as one text that a POSIX shell splits into exactly these again; quoted only where needed. */
export const quoteArgs = (args: readonly string[]): string => args.map(quoteArg).join(' ');

const quoteArg = (arg: string): string => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`);

/** The words a POSIX shell would make of `text` (quotes and backslashes, no expansions); null: a quote is not closed. */
export function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  const token = /(\s+)|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\]+)|([\s\S])/g;
  for (const [, space, single, double, escaped, plain, stray] of text.matchAll(token)) {
    if (stray !== undefined) return null;
    if (space !== undefined) {
      if (word !== null) words.push(word);
      word = null;
    } else
      word =
        (word ?? '') +
        (single ?? double?.replace(/\\([$`"\\\n])/g, (_, char: string) => (char === '\n' ? '' : char)) ?? escaped ?? plain ?? '');
  }
  if (word !== null) words.push(word);
  return words;
}
