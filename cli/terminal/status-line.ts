import type { Output } from './output.ts';
import { oneLine, truncate } from './text.ts';
import { duration } from './time.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Seconds: what takes longer says how long. */
const saidAfter = 3;

// Each terminal knows these of a VT100: a line further down without leaving the column (there is one then), up again; the cursor and its colours kept, and back there.
const [makeRoom, keep, down, back] = ['\x1bD\x1b[A', '\x1b7', '\x1b[B', '\x1b8'] as const;

/**
 * What is being waited for. On a terminal one line that is written over and disappears with `clear`; elsewhere a plain line whenever the
 * text changes in more than its numbers, so that a download's progress does not fill a log. A line that somebody else has begun and not ended stays as it is, and
 * goes on where it ended: the status stands below it.
 */
export class StatusLine {
  #text = '';
  #frame = 0;
  #timer: NodeJS.Timeout | null = null;
  #shown = false;
  #lastPlain = '';
  /** since when it is the same but for its numbers (ms) */
  #since = 0;
  /** it stands below a line that goes on */
  #below = false;
  readonly #output: Output;
  readonly #begun: () => boolean;

  /** `begun`: whoever else writes there has begun a line that goes on */
  constructor(output: Output, begun: () => boolean = () => false) {
    this.#output = output;
    this.#begun = begun;
  }

  /** `still`: it will stand there for long, and needs no sign of life. */
  show(text: string, still = false): void {
    this.#text = oneLine(text);
    const plain = this.#text.replace(/, [\d.]+ ?[kMGT]?B\/s/g, '').replace(/[\d.]+( ?[kMGT]?B)?/g, '#');
    const another = plain !== this.#lastPlain;
    this.#lastPlain = plain;
    if (!this.#output.isTTY) {
      if (another) this.#output.line(this.#text);
      return;
    }
    if (another || !this.#shown) this.#since = performance.now();
    if (!this.#shown) {
      this.#below = this.#begun();
      if (this.#below) this.#output.stream.write(makeRoom);
    }
    if (still) this.#rest();
    else this.#timer ??= setInterval(() => this.#draw(), 100).unref();
    this.#shown = true;
    this.#draw();
  }

  clear(): void {
    this.#rest();
    if (!this.#shown) return;
    this.#shown = false;
    this.#put('');
  }

  #put(text: string): void {
    this.#output.stream.write(this.#below ? `${keep}${down}\r\x1b[0m\x1b[K${text}${back}` : `\r\x1b[K${text}`);
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #draw(): void {
    const columns = this.#output.columns() ?? 80;
    if (this.#timer === null) {
      this.#put(this.#output.style('dim', truncate(this.#text, columns - 1)));
      return;
    }
    const frame = frames[this.#frame++ % frames.length] ?? '';
    const seconds = Math.floor((performance.now() - this.#since) / 1000);
    const time = seconds < saidAfter ? '' : ` (${duration(seconds)})`;
    const room = columns - 3 - time.length;
    this.#put(`${this.#output.style('cyan', frame)} ${truncate(this.#text, room)}${this.#output.style('dim', time)}`);
  }
}
