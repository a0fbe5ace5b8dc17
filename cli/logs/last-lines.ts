/** The end of what a run has printed, line by line: what an attached reader sees of what was there before it came. */

/** So many bytes are asked for each line, colours and all. */
const perLine = 120;
const newline = 0x0a;
const carriageReturn = 0x0d;

export class LastLines {
  readonly #lines: number;
  /** nodes of which nothing is cut (any more) */
  readonly #whole = new Set<number>();

  constructor(lines: number) {
    this.#lines = lines;
  }

  /** how much to ask for */
  get bytes(): number {
    return this.#lines * perLine;
  }

  /** Where the output of a node begins: what is shorter than that comes as it is, and so does what is printed later. */
  onOffset(node: number, offset: number): void {
    if (offset === 0) this.#whole.add(node);
  }

  /** A node's next bytes; of its first ones those that belong to the last lines, from the beginning of one. */
  take(node: number, chunk: Buffer): Buffer {
    if (this.#whole.has(node)) return chunk;
    this.#whole.add(node);
    return chunk.subarray(this.#start(chunk));
  }

  #start(chunk: Buffer): number {
    let at = chunk.at(-1) === newline ? chunk.length - 1 : chunk.length;
    for (let line = 0; line < this.#lines; line++) {
      const before = at <= 0 ? -1 : chunk.lastIndexOf(newline, at - 1);
      // what is before the first line's end is the rest of a line; of one long line (a progress bar) a state that is whole
      if (before < 0) return line === 0 ? chunk.indexOf(carriageReturn) + 1 : at + 1;
      at = before;
    }
    return at + 1;
  }
}
