import { LogView } from './log-view.ts';
import { LogLines } from '../terminal/log-lines.ts';
import { drained, type Output } from '../terminal/output.ts';

/** The output of a run's jobs on its way to stdout: that of one job as it is (LogView), that of several as lines, each behind its node. */
export class NodesView {
  readonly #out: Output;
  readonly #single: LogView;
  readonly #nodes = new Map<number, LogLines>();

  constructor(out: Output, live: boolean) {
    this.#out = out;
    this.#single = new LogView(out, live);
  }

  /** Resolves when the reader can take more. */
  async write(node: number, chunk: Buffer, nodes: number): Promise<void> {
    if (nodes === 1) return this.#single.write(chunk);
    const lines = this.#nodes.get(node) ?? new LogLines(this.#out.isTTY);
    this.#nodes.set(node, lines);
    this.#put(node, lines.push(chunk));
    await drained(this.#out.stream);
  }

  /** No more will come from this node: writes what it has begun and not ended. */
  endOf(node: number): void {
    const lines = this.#nodes.get(node);
    if (lines) this.#put(node, lines.flush());
    this.#nodes.delete(node);
  }

  /** The same for all of them, and the terminal as it was. */
  async end(): Promise<void> {
    for (const node of this.#nodes.keys()) this.endOf(node);
    await this.#single.end();
  }

  /** Between two attempts: what was begun is written, and the terminal as it was. */
  async reset(): Promise<void> {
    for (const node of [...this.#nodes.keys()]) this.endOf(node);
    await this.#single.reset();
  }

  /** Whether a single job has begun a line that goes on; those of several are whole. */
  begun(): boolean {
    return this.#single.begun();
  }

  /** Ends a line that a single job has begun; those of several are whole. */
  freshLine(): void {
    this.#single.freshLine();
  }

  #put(node: number, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const prefix = Buffer.from(this.#out.style('dim', `[node ${node}]`) + ' ');
    const parts: Buffer[] = [];
    for (let from = 0; from < bytes.length;) {
      const end = bytes.indexOf(0x0a, from);
      const line = bytes.subarray(from, end < 0 ? bytes.length : end);
      // colours end with their line: the next one is another node's
      parts.push(prefix, line, line.includes(0x1b) ? reset : nothing, newline);
      from = end < 0 ? bytes.length : end + 1;
    }
    this.#out.stream.write(Buffer.concat(parts));
  }
}

const nothing = Buffer.alloc(0);
const reset = Buffer.from('\x1b[0m');
const newline = Buffer.from('\n');
