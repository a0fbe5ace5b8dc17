/**
 * The record of what an attempt printed (DESIGN §9): one file per attempt, byte for byte what its terminal showed, with secrets masked.
 */
import type { Readable } from 'node:stream';

export interface AttemptId {
  runId: number;
  job: number;
  attempt: number;
}

export interface Recording {
  /** Takes the live output of a container that was attached to before its start. Resolves when the stream ended and everything is on disk. */
  recordLive(output: Readable): Promise<RecordEnd>;
  /** Takes the engine's own record from its start, skipping what is on disk already (after a restart of the daemon, or a gap). */
  recordFrom(engineLog: Readable): Promise<RecordEnd>;
}

/** `complete` false: something of ours failed (disk full); the engine's own record must be read again before its container goes. */
export type RecordEnd = { complete: true } | { complete: false; why: string };

export interface LogReadEvents {
  onData(chunk: Buffer): void;
  /** the record will not grow any more */
  onEnd(): void;
}

export interface Logs {
  /** Opens (or re-opens) the record. `secrets` are the values to mask. */
  recording(id: AttemptId, secrets: string[]): Recording;
  /** No more will come: wakes the followers of this attempt. */
  close(id: AttemptId): void;
  /** a line of our own in the record (`pulling image …`, why it failed); same masking */
  note(id: AttemptId, text: string): Promise<void>;
  /** bytes in the record */
  size(id: AttemptId): Promise<number>;
  /** the first byte that was printed at or after `time` (ms), as well as the index knows */
  offsetAt(id: AttemptId, time: number): Promise<number>;
  /** Backfill from `offset`, cut-over, then live until the record is closed (`follow`) or its present end. Returns a function that ends it. */
  read(id: AttemptId, offset: number, follow: boolean, events: LogReadEvents): () => void;
  remove(runId: number): Promise<void>;
  use(): Promise<{ runId: number; bytes: number }[]>;
}
