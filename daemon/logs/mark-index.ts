import { appendFile, open, readFile, rm, truncate, type FileHandle } from 'node:fs/promises';
import { mark, MarkScanner } from './marks.ts';
import type { RecordPaths } from './paths.ts';

const chunkLength = 256 * 1024;
/** Bytes without a mark after which it is written down that there is none: more than this is never looked through again. */
const grain = 1024 * 1024;

/** A stretch of a record, in bytes. */
export interface Stretch {
  from: number;
  to: number;
}

/** What belongs to one attempt. */
export interface Part {
  /** in order; what is between them is a mark */
  stretches: Stretch[];
  /** another attempt has begun: it does not grow any more */
  over: boolean;
}

interface Mark {
  number: number;
  at: number;
  end: number;
}

/**
 * Where the attempts of a watch stand in the record of a container. Found by looking through its bytes, each once, and written into a list beside it: lines `offset number`
 * of marks, and `offset -` up to where there are no more. The list says nothing that the record does not: one that is missing, cut short, or of another record is made
 * anew, and what cannot be written of it is looked for again.
 */
export class MarkIndex {
  readonly #paths: Pick<RecordPaths, 'record' | 'marks'>;
  /** the attempt that the container began with */
  readonly #first: number;
  #marks: Mark[] = [];
  #scanner: MarkScanner;
  /** bytes that were looked through, with those the scanner holds back */
  #seen = 0;
  #written = 0;
  #loaded = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(paths: Pick<RecordPaths, 'record' | 'marks'>, first: number) {
    this.#paths = paths;
    this.#first = first;
    this.#scanner = new MarkScanner(first - 1);
  }

  /** The attempts that have begun, the first one of the container at any rate. As of the last `update`. */
  get attempts(): number[] {
    return [this.#first, ...this.#marks.map(({ number }) => number).filter((number) => number !== this.#first)];
  }

  /** What belongs to an attempt, as of the last `update`; nothing where it printed nothing or has not begun. */
  part(number: number): Part {
    const index = this.#marks.findIndex((one) => one.number >= number);
    const own = this.#marks[index]?.number === number ? this.#marks[index] : undefined;
    const next = own ? this.#marks[index + 1] : this.#marks[index];
    const stretches: Stretch[] = [];
    // what was printed before any mark, by what comes before the first attempt
    if (number === this.#first) stretches.push({ from: 0, to: (own ?? next)?.at ?? this.#known });
    if (own) stretches.push({ from: own.end, to: next?.at ?? this.#known });
    return { stretches: stretches.filter(({ from, to }) => to > from), over: next !== undefined };
  }

  /** Takes in what the record has got since. `ended`: it will get no more. */
  update(ended: boolean): Promise<void> {
    const done = this.#turn.then(() => this.#update(ended));
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Up to here it is known what is text and what is a mark. */
  get #known(): number {
    return this.#seen - this.#scanner.held;
  }

  async #update(ended: boolean): Promise<void> {
    const handle = await open(this.#paths.record, 'r').catch(absent);
    if (!handle) return;
    try {
      const { size } = await handle.stat();
      if (!this.#loaded || size < this.#seen) await this.#load(handle, size);
      const buffer = this.#seen < size ? Buffer.allocUnsafe(Math.min(chunkLength, size - this.#seen)) : null;
      let lines = '';
      while (buffer && this.#seen < size) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, size - this.#seen), this.#seen);
        if (bytesRead === 0) break;
        lines += this.#take(buffer.subarray(0, bytesRead));
      }
      // the beginning of a mark that nothing follows is text
      if (ended && this.#scanner.held > 0) this.#reset(this.#seen);
      if (lines !== '' || this.#known - this.#written >= grain || (ended && this.#known > this.#written)) await this.#write(lines);
    } finally {
      await handle.close();
    }
  }

  /** The lines of the list for the marks that are in these bytes. */
  #take(bytes: Buffer): string {
    let at = this.#known;
    let lines = '';
    for (const piece of this.#scanner.take(bytes)) {
      if ('text' in piece) {
        at += piece.text.length;
        continue;
      }
      this.#marks.push({ number: piece.mark, at, end: at + piece.bytes.length });
      lines += `${at} ${piece.mark}\n`;
      at += piece.bytes.length;
    }
    this.#seen += bytes.length;
    return lines;
  }

  #reset(seen: number): void {
    this.#scanner = new MarkScanner(this.#marks.at(-1)?.number ?? this.#first - 1);
    this.#seen = seen;
  }

  async #write(lines: string): Promise<void> {
    await appendFile(this.#paths.marks, `${lines}${this.#known} -\n`, { mode: 0o600 }).then(
      () => (this.#written = this.#known),
      () => {},
    );
  }

  async #load(handle: FileHandle, size: number): Promise<void> {
    this.#loaded = true;
    this.#marks = [];
    const text = await readFile(this.#paths.marks, 'utf8').catch(() => '');
    let seen = 0;
    let length = 0;
    for (const line of text.split('\n').slice(0, -1)) {
      const [, offset, number] = /^(\d+) (\d+|-)$/.exec(line) ?? [];
      if (offset === undefined || number === undefined || Number(offset) < seen) break;
      const at = Number(offset);
      seen = number === '-' ? at : at + mark(Number(number)).length;
      if (number !== '-') this.#marks.push({ number: Number(number), at, end: seen });
      length += line.length + 1;
    }
    // a power cut may have taken the end of the record, and left its list
    if (seen > size || !(await this.#isThere(handle))) {
      this.#marks = [];
      seen = 0;
      await rm(this.#paths.marks, { force: true });
    } else if (length < Buffer.byteLength(text)) await truncate(this.#paths.marks, length).catch(() => {});
    this.#written = seen;
    this.#reset(seen);
  }

  /** Whether the last of the marks is where the list says. */
  async #isThere(handle: FileHandle): Promise<boolean> {
    const last = this.#marks.at(-1);
    if (!last) return true;
    const wanted = Buffer.from(mark(last.number));
    const { buffer } = await handle.read(Buffer.alloc(wanted.length), 0, wanted.length, last.at);
    return buffer.equals(wanted);
  }
}

const absent = (error: { code?: string }): null => {
  if (error.code === 'ENOENT') return null;
  throw error;
};
