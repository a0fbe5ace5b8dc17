import { EngineText } from './engine-text.ts';
import { MarkScanner } from './marks.ts';
import { Masker } from './masker.ts';
import type { RecordFile } from './record-file.ts';

/** How much of the record is compared at a time. */
const piece = 64 * 1024;

/** The way of a container's bytes into its record: as the engine's record would have them, masked, written. */
export class Pipeline {
  readonly #file: RecordFile;
  readonly #masker: Masker;
  /** marks stay as they are, whatever secrets look like */
  readonly #marks: MarkScanner;
  /** null: the bytes come from the engine's record */
  readonly #text: EngineText | null;
  /** where the next byte is to be compared with; null: all of what is there has been seen again */
  #compareAt: number | null;

  /** `first`: the attempt that the container begins with */
  constructor(file: RecordFile, secrets: string[], first: number, from: 'live' | 'engine') {
    this.#file = file;
    this.#masker = new Masker(secrets);
    this.#marks = new MarkScanner(first - 1);
    this.#text = from === 'live' ? new EngineText() : null;
    this.#compareAt = from === 'live' ? null : 0;
  }

  take(chunk: Buffer): Promise<void> {
    return this.#put(this.#mask(this.#text?.take(chunk) ?? chunk));
  }

  /** Writes what was held back. */
  async end(): Promise<void> {
    const last = this.#mask(this.#text?.end() ?? Buffer.alloc(0));
    await this.#put(Buffer.concat([last, this.#masker.take(this.#marks.end()), this.#masker.end()]));
  }

  #mask(bytes: Buffer): Buffer {
    const pieces = this.#marks.take(bytes);
    const out = pieces.flatMap((piece) => ('text' in piece ? [this.#masker.take(piece.text)] : [this.#masker.end(), piece.bytes]));
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  async #put(bytes: Buffer): Promise<void> {
    let rest = bytes;
    while (this.#compareAt !== null && rest.length > 0) {
      const own = await this.#file.own(this.#compareAt, Math.min(piece, rest.length));
      const same = own ? sameLength(own.bytes, rest) : 0;
      if (own && same === own.bytes.length) {
        this.#compareAt = own.at + same;
      } else {
        if (own) await this.#file.disown(own.at + same);
        this.#compareAt = null;
      }
      rest = rest.subarray(same);
    }
    await this.#file.append(rest);
  }
}

/** How many bytes at the beginning are equal. */
function sameLength(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  if (a.compare(b, 0, length, 0, length) === 0) return length;
  let at = 0;
  while (a[at] === b[at]) at++;
  return at;
}
