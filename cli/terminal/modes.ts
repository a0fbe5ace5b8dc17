/** What programs switch on in a terminal beyond their own lives: the other screen, mouse reports, a hidden cursor, brackets around what is pasted. */

// oxlint-disable-next-line no-control-regex -- this is the sequence to find
const setMode = /\x1b\[\?([\d;]+)([hl])/g;
/** Longer than a sequence that is cut in two by the end of a chunk. */
const longest = 32;

/** Modes that are on unless somebody switches them off; others are off. */
const usuallyOn = new Set(['7', '25']);

/** Follows what passes by, so that a terminal whose program is lost can be given back as it was. */
export class TerminalModes {
  #changed = new Set<string>();
  #tail = '';

  see(chunk: Buffer): void {
    const text = this.#tail + chunk.toString('latin1');
    for (const [, modes = '', how] of text.matchAll(setMode)) {
      for (const mode of modes.split(';')) {
        if ((how === 'h') === usuallyOn.has(mode)) this.#changed.delete(mode);
        else this.#changed.add(mode);
      }
    }
    const start = text.lastIndexOf('\x1b');
    this.#tail = start >= 0 && text.length - start < longest ? text.slice(start) : '';
  }

  /** It has been undone. */
  forget(): void {
    this.#changed.clear();
    this.#tail = '';
  }

  /** The sequences that undo it; '': there is nothing to undo. */
  undo(): string {
    return [...this.#changed].map((mode) => `\x1b[?${mode}${usuallyOn.has(mode) ? 'h' : 'l'}`).join('');
  }
}
