import type { Output } from './output.ts';
import { oneLine, truncate } from './text.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/**
 * What is being waited for. On a terminal one line that is written over and disappears with `clear`; elsewhere a plain line whenever the
 * text changes in more than its numbers, so that a download's progress does not fill a log.
 */
export class StatusLine {
  #text = '';
  #frame = 0;
  #timer: NodeJS.Timeout | null = null;
  #shown = false;
  #lastPlain = '';
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  /** `still`: it will stand there for long, and needs no sign of life. */
  show(text: string, still = false): void {
    this.#text = oneLine(text);
    if (!this.#output.isTTY) {
      const plain = this.#text.replace(/[\d.]+( ?[kMGT]?B)?/g, '#');
      if (plain !== this.#lastPlain) this.#output.line(this.#text);
      this.#lastPlain = plain;
      return;
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
    this.#output.stream.write('\r\x1b[K');
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #draw(): void {
    const columns = this.#output.columns() ?? 80;
    if (this.#timer === null) {
      this.#output.stream.write(`\r\x1b[K${this.#output.style('dim', truncate(this.#text, columns - 1))}`);
      return;
    }
    const frame = frames[this.#frame++ % frames.length] ?? '';
    const room = columns - 3;
    this.#output.stream.write(`\r\x1b[K${this.#output.style('cyan', frame)} ${truncate(this.#text, room)}`);
  }
}
