/**
 * A job's output for a reader that is no terminal: LF line ends, each progress bar only in its last state, no escape sequences.
 * Bytes go in and out; what is not UTF-8 passes unchanged.
 */

/** A line longer than this is passed on in pieces, so that output without line ends does not fill the memory. */
const longest = 1 << 20;

// CSI (colours, cursor), OSC (titles, links), and the short ones; over latin1, so that each character is a byte
// oxlint-disable-next-line no-control-regex -- these are the bytes to find
const escapes = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[PX^_][^\x1b]*(?:\x1b\\)?|[ -/]*[0-~])/g;
// oxlint-disable-next-line no-control-regex -- as above
const colours = /^\x1b\[[\d;:]*m$/;

export class LogLines {
  #pending: Buffer[] = [];
  #size = 0;
  readonly #keepColours: boolean;

  /** `keepColours`: for a terminal that wants the last state only (`dstack logs`). */
  constructor(keepColours = false) {
    this.#keepColours = keepColours;
  }

  /** The lines that are complete now; the rest is kept for later. */
  push(chunk: Buffer): Buffer {
    const end = chunk.lastIndexOf(0x0a);
    if (end < 0 && this.#size + chunk.length < longest) {
      this.#keep(chunk);
      return Buffer.alloc(0);
    }
    const cut = end < 0 ? chunk.length : end + 1;
    const lines = Buffer.concat([...this.#pending, chunk.subarray(0, cut)]);
    this.#pending = [];
    this.#size = 0;
    if (cut < chunk.length) this.#keep(chunk.subarray(cut));
    return this.#render(lines);
  }

  /** What is left at the end. */
  flush(): Buffer {
    const rest = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#size = 0;
    return this.#render(rest);
  }

  #keep(chunk: Buffer): void {
    this.#pending.push(chunk);
    this.#size += chunk.length;
  }

  #render(bytes: Buffer): Buffer {
    if (!bytes.includes(0x0d) && !bytes.includes(0x1b)) return bytes;
    const plain = plainLines(bytes);
    if (plain !== null) return plain;
    const lines = bytes.toString('latin1').split('\n');
    return Buffer.from(lines.map((line) => (special.test(line) ? this.#line(line) : line)).join('\n'), 'latin1');
  }

  #line(line: string): string {
    const states = line.replace(/\r+$/, '').split('\r');
    const last = states.length === 1 ? (states[0] ?? '') : overwrite(states.map((state) => this.#strip(state, erasing)));
    return this.#strip(last);
  }

  #strip(text: string, alsoKeep?: RegExp): string {
    return text.replace(escapes, (sequence) => ((this.#keepColours && colours.test(sequence)) || alsoKeep?.test(sequence) ? sequence : ''));
  }
}

// oxlint-disable-next-line no-control-regex -- as above
const special = /[\r\x1b]/;

/** The lines of a terminal that printed nothing but lines, with LF line ends; null: it printed more than that. Most output is so: no text is made of it. */
function plainLines(bytes: Buffer): Buffer | null {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x1b) return null;
    if (byte === 0x0d) {
      const next = bytes[at + 1];
      if (next !== 0x0a && next !== 0x0d) return null;
      continue;
    }
    out[length++] = byte;
  }
  return out.subarray(0, length);
}

// oxlint-disable-next-line no-control-regex -- as above
const erasing = /^\x1b\[[02]?K$/;

// oxlint-disable-next-line no-control-regex -- as above
const erase = /\x1b\[[02]?K/g;

/** What a terminal shows after the states were written over each other: the last one, and beyond its end what longer ones left. */
function overwrite(states: string[]): string {
  let shown: string[] = [];
  for (const state of states) {
    const next = cells(state.replaceAll(erase, ''));
    const erases = state.search(erase) >= 0;
    shown = erases || next.length >= shown.length ? next : [...next, ...shown.slice(next.length)];
  }
  return shown.join('');
}

const sequence = String.raw`\x1b\[[0-?]*[ -/]*[@-~]`;
const character = String.raw`[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[^\x1b]`;
// a character with the sequences before it, or a sequence that nothing follows
const cell = new RegExp(String.raw`(?:${sequence})*(?:${character})|${sequence}|\x1b`, 'g');

/** One string per column of the screen (an escape sequence belongs to the column before which it stands); UTF-8 characters are kept whole. */
const cells = (state: string): string[] => state.match(cell) ?? [];
