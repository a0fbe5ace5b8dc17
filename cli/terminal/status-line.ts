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
  #lastPlain = '';
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  show(text: string): void {
    this.#text = oneLine(text);
    if (!this.#output.isTTY) {
      const plain = this.#text.replace(/[\d.]+( ?[kMGT]?B)?/g, '#');
      if (plain !== this.#lastPlain) this.#output.line(this.#text);
      this.#lastPlain = plain;
      return;
    }
    this.#timer ??= setInterval(() => this.#draw(), 100).unref();
    this.#draw();
  }

  clear(): void {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    this.#output.stream.write('\r\x1b[K');
  }

  #draw(): void {
    const frame = frames[this.#frame++ % frames.length] ?? '';
    const room = (this.#output.columns() ?? 80) - 3;
    this.#output.stream.write(`\r\x1b[K${this.#output.style('cyan', frame)} ${truncate(this.#text, room)}`);
  }
}
