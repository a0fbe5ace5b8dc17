/**
 * Where in the record of a container the attempts of a watch begin. Before each one the supervisor prints a mark into its terminal:
 * `ESC ] 7746 ; dstack ; N BEL`, an operating system command (ECMA-48 8.3.89; with the number that nobody else uses) that terminals ignore. It stays in the record,
 * which is byte for byte the engine's; readers never see it.
 */

const prefix = Buffer.from('\x1b]7746;dstack;');
const bell = 0x07;
/** A longer number is no attempt. */
const mostDigits = 9;
/**
 * Attempts count up one by one. A few may be missing, since one that is ended before it could begin prints nothing; a mark that is further ahead, or behind, is not the
 * supervisor's but something that the job printed. It is text: else a job that prints one great number would swallow all attempts after it.
 */
const mostMissing = 16;

/** What the supervisor prints before the attempt `number`. */
export const mark = (number: number): string => `${prefix.toString('latin1')}${number}\x07`;

/** The same for `printf` of a POSIX shell; takes the number. */
export const markFormat = String.raw`\033]7746;dstack;%d\007`;

/** Whether `number` may follow after `last`, the attempt that was begun before it. */
const fits = (number: number, last: number): boolean => number > last && number <= last + mostMissing;

export type Piece = { text: Buffer } | { mark: number; bytes: Buffer };

/** Finds the marks in a stream; finds the same ones however it is cut into chunks, and holds back only what may yet turn out to be the beginning of one. */
export class MarkScanner {
  #last: number;
  #held: Buffer = Buffer.alloc(0);

  /** `last`: the attempt that was begun before; at the start of a container's output the one before its first. */
  constructor(last: number) {
    this.#last = last;
  }

  /** Bytes that were taken and not given back yet. */
  get held(): number {
    return this.#held.length;
  }

  /** What is certain now, in order. */
  take(chunk: Buffer): Piece[] {
    // all that most chunks need
    if (this.#held.length === 0 && !chunk.includes(prefix[0] as number)) return chunk.length > 0 ? [{ text: chunk }] : [];
    const data = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    const pieces: Piece[] = [];
    let from = 0;
    let at = data.indexOf(prefix);
    let cut = -1;
    while (at >= 0) {
      const found = markAt(data, at);
      if (found === 'cut') {
        cut = at;
        break;
      }
      if (found !== null && fits(found.number, this.#last)) {
        if (at > from) pieces.push({ text: data.subarray(from, at) });
        pieces.push({ mark: found.number, bytes: data.subarray(at, found.end) });
        this.#last = found.number;
        from = found.end;
      }
      at = data.indexOf(prefix, at + 1);
    }
    const sure = cut >= 0 ? cut : data.length - beginningAtEnd(data.subarray(from));
    if (sure > from) pieces.push({ text: data.subarray(from, sure) });
    this.#held = Buffer.from(data.subarray(sure));
    return pieces;
  }

  /** What is left when nothing follows; it is text. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }
}

/** The mark whose prefix is at `at`; null: it is none; `cut`: the data ends before that is known. */
function markAt(data: Buffer, at: number): { number: number; end: number } | 'cut' | null {
  const digits = at + prefix.length;
  let end = digits;
  while (end < data.length && end - digits < mostDigits && isDigit(data[end] as number)) end++;
  if (end === data.length) return 'cut';
  if (data[end] !== bell || end === digits) return null;
  return { number: Number(data.toString('latin1', digits, end)), end: end + 1 };
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Length of a prefix's beginning at the end of `data`; 0: there is none. */
function beginningAtEnd(data: Buffer): number {
  const tail = data.subarray(-(prefix.length - 1));
  // the escape is only at its start
  const escape = tail.lastIndexOf(prefix[0] as number);
  const rest = escape < 0 ? tail.subarray(tail.length) : tail.subarray(escape);
  return rest.length > 0 && prefix.subarray(0, rest.length).equals(rest) ? rest.length : 0;
}
