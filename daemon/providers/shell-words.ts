/**
 * Arguments of a workflow as words of sh that mean exactly what was written, whatever it is: blanks, quotes, `$`, newlines, `;` and `*`. Of what a shell would
 * do with a text only quotes and backslashes count, and `$NAME` and `${NAME}` outside of single quotes, which are variables (each stays one word, whatever it
 * holds). References (`${{ … }}`) are left as they are, outside of all quotes: those to arguments come quoted, those to secrets become variables.
 */
import { escapeTemplate, parseTemplate, type Piece } from '../../shared/workflow/interpolate.ts';
import { shellQuote } from './script.ts';

/** The words of a text as the workflow file has it, joined by blanks. It has no quote that is not closed: the file's schema sees to that. */
export function shellWords(text: string): string {
  const words = new Words();
  let quotes: '"' | "'" | null = null;
  for (const piece of parseTemplate(text).pieces) {
    if (piece.kind === 'reference') {
      words.raw(piece.source);
      continue;
    }
    const token = /\\([\s\S])|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})|(["'])|(\s+)|([\s\S])/g;
    for (let match = token.exec(piece.text); match !== null; match = token.exec(piece.text)) {
      const [whole, escaped, name = match[3], , quote, blank] = match;
      if (quotes === "'") {
        // a backslash or a `$` means nothing there: on with the next character
        token.lastIndex = match.index + 1;
        if (whole.startsWith("'")) quotes = null;
        else words.literal(whole.charAt(0));
      } else if (escaped !== undefined) {
        if (quotes === null || /[$`"\\\n]/.test(escaped)) words.literal(escaped === '\n' ? '' : escaped);
        else words.literal(whole);
      } else if (name !== undefined) words.raw(`"\${${name}}"`);
      else if (quote !== undefined && (quotes === null || quotes === quote)) {
        quotes = quotes === null ? (quote as '"' | "'") : null;
        words.literal('');
      } else if (blank !== undefined && quotes === null) words.end();
      else words.literal(whole);
    }
  }
  return words.all();
}

/** One word that is this text, with its references filled in. */
export const shellWord = (text: string): string =>
  parseTemplate(text)
    .pieces.map((piece: Piece) =>
      piece.kind === 'reference' ? piece.source : piece.text === '' ? '' : shellQuote(escapeTemplate(piece.text)),
    )
    .join('') || "''";

/** Collects words: what stands for itself, and what the shell is to see as it is. */
class Words {
  readonly #words: string[] = [];
  #word: string | null = null;
  #literal: string | null = null;

  literal(text: string): void {
    this.#literal = (this.#literal ?? '') + text;
  }

  raw(text: string): void {
    this.#flush();
    this.#word = (this.#word ?? '') + text;
  }

  end(): void {
    this.#flush();
    if (this.#word !== null) this.#words.push(this.#word === '' ? "''" : this.#word);
    this.#word = null;
  }

  all(): string {
    this.end();
    return this.#words.join(' ');
  }

  #flush(): void {
    if (this.#literal === null) return;
    this.#word = (this.#word ?? '') + (this.#literal === '' ? '' : shellQuote(escapeTemplate(this.#literal)));
    this.#literal = null;
  }
}
