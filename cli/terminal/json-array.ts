import { drained, type Output } from './output.ts';

/** A JSON array whose items are printed as they come, each on a line of its own: for what is not to be kept in memory. Ended it is JSON. */
export class JsonArray {
  readonly #out: Output;
  #empty = true;

  constructor(out: Output) {
    this.#out = out;
  }

  add(item: unknown): void {
    this.#out.stream.write(`${this.#empty ? '[\n' : ',\n'}${JSON.stringify(item)}`);
    this.#empty = false;
  }

  /** Resolves when the reader can take more. */
  drained(): Promise<void> {
    return drained(this.#out.stream);
  }

  async end(): Promise<void> {
    this.#out.stream.write(this.#empty ? '[]\n' : '\n]\n');
    await this.drained();
  }
}
