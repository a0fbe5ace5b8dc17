import type { Output } from '../terminal/output.ts';
import { drained } from '../terminal/output.ts';
import { LogLines } from '../terminal/log-lines.ts';
import { shownWidth } from '../terminal/text.ts';
import { TerminalModes } from '../terminal/modes.ts';

/** A job's output on its way to stdout: as it is on a terminal that follows it, else as lines in their last state. */
export class LogView {
  readonly #out: Output;
  readonly #lines: LogLines | null;
  /** whether the next byte begins a line on the screen */
  atLineStart = true;
  /** whether the job may have changed the terminal's colours or cursor */
  #touched = false;
  readonly #modes = new TerminalModes();
  /** the last line as far as it has come, if it is not ended; the end of it, if it is long */
  #last = nothing;

  constructor(out: Output, live: boolean) {
    this.#out = out;
    this.#lines = out.isTTY && live ? null : new LogLines(out.isTTY);
  }

  /** Resolves when the reader can take more. */
  async write(chunk: Buffer): Promise<void> {
    this.#put(this.#lines === null ? chunk : this.#lines.push(chunk));
    await drained(this.#out.stream);
  }

  /** Writes what was kept, and leaves the terminal at the start of a line, in its own colours and with its cursor. */
  async end(): Promise<void> {
    if (this.#lines !== null) this.#put(this.#lines.flush());
    if (this.#out.isTTY && this.#touched) this.#out.stream.write('\x1b[0m\x1b[?25h');
    this.freshLine();
    await drained(this.#out.stream);
  }

  /** The same between two attempts of a job, of which the next knows nothing of what the one before has done to the terminal. */
  async reset(): Promise<void> {
    const modes = this.#modes.undo();
    await this.end();
    if (this.#out.isTTY && modes !== '') this.#out.stream.write(modes);
    else if (!this.#out.isTTY && !this.atLineStart) this.#out.stream.write('\n');
    this.#touched = false;
    this.#modes.forget();
    this.atLineStart = true;
  }

  /** On a terminal, ends a line that the job has not ended, so that our words do not hang on to it. */
  freshLine(): void {
    if (!this.#out.isTTY || this.atLineStart) return;
    this.#out.stream.write('\r\n');
    this.atLineStart = true;
  }

  /** Whether the job has begun a line of the terminal that goes on where the cursor stands. What fills its row goes on in the next: that is begun here. */
  begun(): boolean {
    const columns = this.#out.columns();
    if (columns === null || this.atLineStart) return false;
    const width = shownWidth(this.#last.toString('utf8'));
    // where more was printed than is kept of it, its width is not known
    if (this.#last.length >= kept || (width > 0 && width % columns === 0)) this.freshLine();
    return !this.atLineStart;
  }

  #put(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.atLineStart = bytes.at(-1) === 0x0a;
    if (this.#out.isTTY) this.#follow(bytes);
    if (bytes.includes(0x1b)) this.#touched = true;
    if (this.#touched && this.#out.isTTY) this.#modes.see(bytes);
    this.#out.stream.write(bytes);
  }

  #follow(bytes: Buffer): void {
    const end = Math.max(bytes.lastIndexOf(0x0a), bytes.lastIndexOf(0x0d));
    const more = bytes.subarray(end + 1);
    this.#last = end >= 0 ? Buffer.from(more.subarray(-kept)) : Buffer.concat([this.#last, more]).subarray(-kept);
  }
}

const nothing = Buffer.alloc(0);
/** Bytes of an unfinished line. */
const kept = 4096;
