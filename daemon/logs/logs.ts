/**
 * The record of what an attempt printed (DESIGN §9): one file per attempt, byte for byte what its terminal showed, with secrets masked.
 * Between these bytes stand lines of our own (`note`). Offsets count both: they are positions in the file, which only ever grows.
 *
 * An attempt's record goes: recording (with the run's secrets) → note / recordLive or recordFrom, once or again → close. Every attempt is
 * closed in the end, one that never started too: followers wait for it.
 */
import type { Readable } from 'node:stream';

export interface AttemptId {
  runId: number;
  job: number;
  attempt: number;
}

/** The record of a container; with `part`, of a watch, only what belongs to that one of its attempts. Offsets in a part count from its beginning, and no mark is in it. */
export type PartId = AttemptId & { part?: number };

export interface Recording {
  /**
   * Takes the live output of a container with a terminal that was attached to before its start. Resolves when the stream has ended and
   * everything is on disk, but for a few bytes that may go on as a secret or a character: `close` writes them, recordFrom finds them again.
   */
  recordLive(output: Readable): Promise<RecordEnd>;
  /**
   * Takes the engine's own record from its start, skipping what is on disk already (after a restart of the daemon, or a gap). Resolves like
   * recordLive; a stream that breaks off gives `complete: false`. What we have and the engine lost (it was killed in the middle of a line) stays.
   */
  recordFrom(engineLog: Readable): Promise<RecordEnd>;
  /** What was recorded up to now is another container's: the next one's record begins behind it. When no recording is under way. */
  setApart(): Promise<void>;
}

/** `complete` false: something of ours failed (disk full); the engine's own record must be read again before its container goes. */
export type RecordEnd = { complete: true } | { complete: false; why: string; diskFull?: true };

export interface LogReadEvents {
  /** at most 64 KB. The next chunk is read when the promise is fulfilled, into the same memory: a slow reader costs none, and who keeps the bytes copies them. A rejection ends the reading */
  onData(chunk: Buffer): void | Promise<void>;
  /** the record will not grow any more (without `follow`: this was its end when asked). `problem`: it could not be read */
  onEnd(problem?: string): void;
}

export interface Logs {
  /**
   * Opens (or re-opens) the record. `secrets` are the values to mask, the same each time: what is on disk is compared with the masked
   * record. Which forms of a value are masked: maskedForms (mask-forms.ts); those shorter than 3 characters are not.
   */
  recording(id: AttemptId, secrets: string[]): Recording;
  /**
   * No more will come (recordLive and recordFrom have resolved): writes what was held back, marks the record as ended (a later daemon sees that too) and wakes the followers. Resolves when
   * all is safe on disk: the container may go then, unless `complete` is false.
   */
  close(id: AttemptId): Promise<RecordEnd>;
  /** A line of our own in the record (`pulling image …`, why it failed); same masking, if `recording` has told the secrets. Lost when the disk is full. */
  note(id: AttemptId, text: string): Promise<void>;
  /** the attempts of a watch that have begun in this container (marks.ts), ascending; the first is there before it has */
  parts(id: AttemptId): Promise<number[]>;
  /** bytes in the record */
  size(id: PartId): Promise<number>;
  /** the first byte that was printed at or after `time` (ms), as well as the index knows */
  offsetAt(id: PartId, time: number): Promise<number>;
  /** where the last `count` lines begin */
  lastLines(id: PartId, count: number): Promise<number>;
  /** Backfill from `offset`, cut-over, then live until the record is closed or the next part begins (`follow`), or its present end. Returns a function that ends it. */
  read(id: PartId, offset: number, follow: boolean, events: LogReadEvents): () => void;
  remove(runId: number): Promise<void>;
  use(): Promise<{ runId: number; bytes: number }[]>;
}
