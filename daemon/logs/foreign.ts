import { open, readFile, truncate, type FileHandle } from 'node:fs/promises';

/** A stretch of the record that is not in the engine's: a line of our own (`text`), or what the engine lost. */
export interface Foreign {
  at: number;
  length: number;
  text?: string;
}

/**
 * The list of foreign stretches beside a record, one JSON line each. A note is listed, with its text, before it is written into the record: a daemon
 * killed between the two finds it half there, and finishes it (RecordFile). Without the list the record could not be compared with the engine's.
 */
export class ForeignList {
  readonly #path: string;
  #handle: FileHandle | null = null;
  #length = 0;
  readonly stretches: Foreign[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads the list; a last line that was cut short is dropped, and a stretch beyond `size`, which a power cut took from the record. */
  async open(size: number): Promise<void> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(0, -1)) {
      const stretch = parse(line);
      if (!stretch || stretch.at > size) break;
      this.stretches.push(stretch);
      this.#length += Buffer.byteLength(line) + 1;
    }
    // at once: the record grows, and what was beyond it would come to lie within
    if (Buffer.byteLength(text) > this.#length) await truncate(this.#path, this.#length);
  }

  async add(stretch: Foreign): Promise<void> {
    this.#handle ??= await open(this.#path, 'a', 0o600);
    const line = Buffer.from(`${JSON.stringify(stretch)}\n`);
    // what an add that failed left
    await this.#handle.truncate(this.#length);
    for (let at = 0; at < line.length;) at += (await this.#handle.write(line, at)).bytesWritten;
    this.#length += line.length;
    this.stretches.push(stretch);
  }

  /** From `offset`: the next stretch of the record that is the engine's, up to `size`; null: there is none. */
  nextOwn(offset: number, size: number): { from: number; to: number } | null {
    let from = offset;
    for (let inside = this.#at(from); inside; inside = this.#at(from)) from = inside.at + inside.length;
    const to = this.stretches.reduce((end, one) => (one.at >= from && one.length > 0 ? Math.min(end, one.at) : end), size);
    return from < to ? { from, to } : null;
  }

  #at = (offset: number): Foreign | undefined => this.stretches.find((one) => one.at <= offset && offset < one.at + one.length);

  async sync(): Promise<void> {
    await this.#handle?.datasync();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
  }
}

/** null: what a power cut left */
function parse(line: string): Foreign | null {
  try {
    return JSON.parse(line) as Foreign;
  } catch {
    return null;
  }
}
