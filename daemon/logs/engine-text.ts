import { isAscii, isUtf8 } from 'node:buffer';

/** The engine cuts its records at a newline, or after this many bytes without one. */
const recordLength = 16 * 1024;
const newline = 0x0a;
const replacement = Buffer.from('\uFFFD');

/**
 * Turns what a terminal printed into what the engine's json-file record says of it: the engine keeps text, record by record, so each byte
 * that is not UTF-8 within its record becomes U+FFFD (a character that is cut by the end of a record, too). Gives the same bytes however
 * the stream is cut into chunks.
 */
export class EngineText {
  /** the beginning of a character */
  #pending: Buffer = Buffer.alloc(0);
  /** bytes of the present record that are through */
  #inRecord = 0;

  take(chunk: Buffer): Buffer {
    const data = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    const out: Buffer[] = [];
    let at = this.#wholeLines(data);
    if (at > 0) {
      out.push(data.subarray(0, at));
      this.#inRecord = 0;
    }
    while (at < data.length) {
      const full = at + recordLength - this.#inRecord;
      const line = data.subarray(at, full).indexOf(newline);
      const end = line >= 0 ? at + line + 1 : Math.min(full, data.length);
      const recordEnds = line >= 0 || end === full;
      const whole = recordEnds ? end : end - cutCharacter(data.subarray(at, end));
      out.push(asText(data.subarray(at, whole)));
      this.#inRecord = recordEnds ? 0 : this.#inRecord + whole - at;
      at = whole;
      if (!recordEnds) break;
    }
    this.#pending = Buffer.from(data.subarray(at));
    return out.length === 1 ? (out[0] as Buffer) : Buffer.concat(out);
  }

  /** Up to where `data` is text in lines, each of them a record: most of what is printed stays as it is, and is not to be looked at line by line. 0: it is not so. */
  #wholeLines(data: Buffer): number {
    const end = data.lastIndexOf(newline) + 1;
    const lines = data.subarray(0, end);
    if (end === 0 || isAscii(lines)) return end;
    if (!isUtf8(lines)) return 0;
    for (let at = -this.#inRecord; at < end;) {
      const next = lines.indexOf(newline, Math.max(at, 0)) + 1;
      if (next - at > recordLength) return 0;
      at = next;
    }
    return end;
  }

  /** What is left when nothing follows. */
  end(): Buffer {
    const rest = asText(this.#pending);
    this.#pending = Buffer.alloc(0);
    return rest;
  }
}

/** Length of a character's beginning at the end of `data`; 0: it ends with a whole one, or with what is none. */
function cutCharacter(data: Buffer): number {
  for (let length = 1; length <= 3 && length <= data.length; length++) {
    const byte = data[data.length - length] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterLength(byte) > length ? length : 0;
  }
  return 0;
}

/** Bytes of the character that begins with this one. */
const characterLength = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** Each byte that belongs to no valid character replaced. */
function asText(data: Buffer): Buffer {
  if (isUtf8(data)) return data;
  const out = Buffer.allocUnsafe(data.length * replacement.length);
  let length = 0;
  for (let at = 0; at < data.length;) {
    const size = characterLength(data[at] as number);
    const character = data.subarray(at, at + size);
    if (character.length === size && isUtf8(character)) {
      length += character.copy(out, length);
      at += size;
    } else {
      length += replacement.copy(out, length);
      at += 1;
    }
  }
  return out.subarray(0, length);
}
