import { Transform, type TransformCallback } from 'node:stream';

const headerLength = 8;

/**
 * Takes the headers out of a stream in which the engine interleaves a container's two outputs (each piece behind eight bytes: which one,
 * and a length). Both come out as one, in the order of arrival.
 */
export class Demux extends Transform {
  #header = Buffer.alloc(0);
  #left = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const piece = chunk.subarray(at, at + this.#left);
        this.push(piece);
        this.#left -= piece.length;
        at += piece.length;
        continue;
      }
      const part = chunk.subarray(at, at + headerLength - this.#header.length);
      this.#header = Buffer.concat([this.#header, part]);
      at += part.length;
      if (this.#header.length < headerLength) break;
      this.#left = this.#header.readUInt32BE(4);
      this.#header = Buffer.alloc(0);
    }
    done();
  }
}
