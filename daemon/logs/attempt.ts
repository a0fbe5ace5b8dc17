import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { messageOf } from '../../shared/result.ts';
import type { RecordEnd, Recording } from './logs.ts';
import { Masker } from './masker.ts';
import { MarkIndex } from './mark-index.ts';
import type { RecordPaths } from './paths.ts';
import { Pipeline } from './pipeline.ts';
import { RecordFile } from './record-file.ts';

/** One attempt's record while somebody writes or reads it: makes the writers take turns and tells the readers. */
export class Attempt implements Recording {
  readonly paths: RecordPaths;
  /** where the attempts of a watch begin in it */
  readonly marks: MarkIndex;
  /** the attempt that the container begins with */
  readonly #first: number;
  /** how many read it now */
  readers = 0;
  recording = false;
  ended: boolean;
  /** goes up whenever there may be something new for readers */
  version = 0;
  secrets: string[] = [];
  readonly #file: RecordFile;
  #pipeline: Pipeline | null = null;
  #draining = false;
  #result: RecordEnd = { complete: true };
  /** the last of the queued writes; never rejects */
  #turn: Promise<unknown> = Promise.resolve();
  /** the last of the queued recordings: one ends before the next begins */
  #record: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];

  constructor(paths: RecordPaths, first: number, now: () => number) {
    this.paths = paths;
    this.#first = first;
    this.marks = new MarkIndex(paths, first);
    this.ended = existsSync(paths.end);
    this.#file = new RecordFile(paths, now, () => this.wake());
  }

  recordLive(output: Readable): Promise<RecordEnd> {
    return this.#queueRecord(() => this.#drain(output, new Pipeline(this.#file, this.secrets, this.#first, 'live')));
  }

  recordFrom(engineLog: Readable): Promise<RecordEnd> {
    return this.#queueRecord(() => this.#drain(engineLog, new Pipeline(this.#file, this.secrets, this.#first, 'engine')));
  }

  async setApart(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#pipeline?.end();
      this.#pipeline = null;
      if (existsSync(this.paths.record)) await this.#file.disown(0);
    });
    await this.#release();
  }

  async note(text: string): Promise<void> {
    const masker = new Masker(this.secrets);
    const masked = Buffer.concat([masker.take(Buffer.from(text)), masker.end()]).toString();
    // lost when the disk is full: what the record is there for is what the container printed
    await this.#inTurn(() => this.#file.note(masked)).catch(() => {});
    if (!this.#draining) await this.#release();
  }

  /** docblock of Logs.close */
  async close(): Promise<RecordEnd> {
    if (this.#result.complete && this.#pipeline) await this.#attempt(() => (this.#pipeline as Pipeline).end());
    this.#pipeline = null;
    await this.#attempt(() => this.#file.open());
    await this.#attempt(() => writeFile(this.paths.end, '', { mode: 0o600 }));
    this.ended = true;
    this.wake();
    // followers need not wait for the disk
    await this.#attempt(() => this.#file.sync());
    await this.#release();
    return this.#result;
  }

  /** Resolves when `version` is no more what it was. */
  changed(seen: number): Promise<void> {
    if (this.version !== seen) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  wake(): void {
    this.version++;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #queueRecord(record: () => Promise<RecordEnd>): Promise<RecordEnd> {
    const done = this.#record.then(record);
    this.#record = done;
    return done;
  }

  /** Reads the stream to its end whatever happens: a container whose output nobody takes stands still. */
  async #drain(stream: Readable, pipeline: Pipeline): Promise<RecordEnd> {
    this.#pipeline = pipeline;
    this.#draining = true;
    this.#result = { complete: true };
    if (this.ended) {
      this.ended = false;
      await this.#attempt(() => rm(this.paths.end, { force: true }));
    }
    try {
      for await (const chunk of stream) {
        if (this.#result.complete) await this.#attempt(() => pipeline.take(chunk as Buffer));
      }
    } catch (error) {
      if (this.#result.complete) this.#result = { complete: false, why: messageOf(error) };
    }
    this.#draining = false;
    await this.#release();
    return this.#result;
  }

  async #release(): Promise<void> {
    await this.#inTurn(() => this.#file.release()).catch(() => {});
  }

  /** A write in its turn; that it failed is remembered. */
  async #attempt(write: () => Promise<void>): Promise<void> {
    try {
      await this.#inTurn(write);
    } catch (error) {
      const full = (error as { code?: string }).code === 'ENOSPC';
      const why = full ? `no space left on the disk of ${this.paths.record}` : `cannot write ${this.paths.record}: ${messageOf(error)}`;
      if (this.#result.complete) this.#result = { complete: false, why, ...(full ? { diskFull: true as const } : {}) };
    }
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(write);
    this.#turn = done.catch(() => {});
    return done;
  }
}
