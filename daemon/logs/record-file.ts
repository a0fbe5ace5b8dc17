import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForeignList } from './foreign.ts';
import type { RecordPaths } from './paths.ts';
import { TimeIndex } from './time-index.ts';

/**
 * Appends to an attempt's record and keeps the lists beside it. Opened by the first use. After a write that failed (a full disk) the next one first
 * finishes what stands half written, so the file stays a beginning of what it shall be. One call at a time: the caller queues.
 */
export class RecordFile {
  readonly #paths: RecordPaths;
  readonly #now: () => number;
  readonly #grown: () => void;
  readonly #index: TimeIndex;
  #handle: FileHandle | null = null;
  #foreign: ForeignList;
  #size = 0;

  constructor(paths: RecordPaths, now: () => number, grown: () => void) {
    this.#paths = paths;
    this.#now = now;
    this.#grown = grown;
    this.#index = new TimeIndex(paths.index);
    this.#foreign = new ForeignList(paths.foreign);
  }

  /** The container's bytes, at the end. */
  async append(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    const handle = await this.#ready();
    const offset = this.#size;
    await this.#write(handle, bytes);
    await this.#index.add(offset, this.#now());
  }

  /** A line of our own, at the end; on a new line where the container's last one is unfinished. */
  async note(text: string): Promise<void> {
    const handle = await this.#ready();
    const offset = this.#size;
    const line = `${(await this.#atLineStart(handle)) ? '' : '\r\n'}${text.trimEnd().replaceAll(/\r?\n/g, '\r\n')}\r\n`;
    await this.#foreign.add({ at: offset, length: Buffer.byteLength(line), text: line });
    await this.#write(handle, Buffer.from(line));
    await this.#index.add(offset, this.#now());
  }

  /** From now on the engine's bytes are no more compared with what is here from `offset` on: it has lost them. */
  async disown(offset: number): Promise<void> {
    await this.#ready();
    if (this.#size > offset) await this.#foreign.add({ at: offset, length: this.#size - offset });
  }

  /** The container's bytes that are here, from `offset` on, at most `most` of them; null: no more. */
  async own(offset: number, most: number): Promise<{ at: number; bytes: Buffer } | null> {
    const handle = await this.#ready();
    const stretch = this.#foreign.nextOwn(offset, this.#size);
    if (!stretch) return null;
    const bytes = Buffer.allocUnsafe(Math.min(most, stretch.to - stretch.from));
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, stretch.from);
    return bytesRead === 0 ? null : { at: stretch.from, bytes: bytes.subarray(0, bytesRead) };
  }

  /** Makes sure that the file is there, empty if nothing was printed. */
  async open(): Promise<void> {
    await this.#ready();
  }

  /** Everything safe on disk. */
  async sync(): Promise<void> {
    await this.#foreign.sync();
    await (await this.#ready()).datasync();
  }

  /** Closes the files; the next use opens them again. */
  async release(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await this.#foreign.close();
    await handle?.close();
  }

  async #ready(): Promise<FileHandle> {
    if (!this.#handle) {
      await mkdir(dirname(this.#paths.record), { recursive: true, mode: 0o700 });
      this.#handle = await open(this.#paths.record, 'a+', 0o600);
      this.#size = (await this.#handle.stat()).size;
      this.#foreign = new ForeignList(this.#paths.foreign);
      await this.#foreign.open(this.#size);
    }
    await this.#finishNote(this.#handle);
    return this.#handle;
  }

  async #finishNote(handle: FileHandle): Promise<void> {
    const last = this.#foreign.stretches.at(-1);
    if (last?.text === undefined || this.#size >= last.at + last.length) return;
    await this.#write(handle, Buffer.from(last.text).subarray(this.#size - last.at));
  }

  async #atLineStart(handle: FileHandle): Promise<boolean> {
    if (this.#size === 0) return true;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, this.#size - 1);
    return buffer[0] === 0x0a;
  }

  async #write(handle: FileHandle, bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await handle.write(bytes, at);
      at += bytesWritten;
      this.#size += bytesWritten;
      this.#grown();
    }
  }
}
