import { Transform, type TransformCallback } from 'node:stream';
import type { Piece } from './engine.ts';

const headerLength = 8;

/**
 * The two outputs of a command, in the order of arrival. Without a terminal the engine sends each piece behind eight bytes (which output it is of, three
 * zeros, a length); with one there is a single output, as it is. Holds back its source while nobody reads.
 */
export class Pieces extends Transform {
  readonly #terminal: boolean;
  #header = Buffer.alloc(0);
  #left = 0;

  constructor(terminal: boolean) {
    // a piece is at most what one read of the connection gives (64 KiB)
    super({ readableObjectMode: true, readableHighWaterMark: 2 });
    this.#terminal = terminal;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    if (this.#terminal) {
      this.#give(false, chunk);
      return done();
    }
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const data = chunk.subarray(at, at + this.#left);
        this.#give(this.#header[0] === 2, data);
        this.#left -= data.length;
        at += data.length;
        continue;
      }
      if (this.#header.length === headerLength) this.#header = Buffer.alloc(0);
      const part = chunk.subarray(at, at + headerLength - this.#header.length);
      this.#header = Buffer.concat([this.#header, part]);
      at += part.length;
      if (this.#header.length === headerLength) this.#left = this.#header.readUInt32BE(4);
    }
    done();
  }

  #give(stderr: boolean, data: Buffer): void {
    this.push({ stderr, data } satisfies Piece);
  }
}
