import { appendFile, readFile } from 'node:fs/promises';

/** How fine the index is. ms */
const grain = 1000;

/** When what was printed: lines `offset time` beside the record, at most one a second. What cannot be written or read of it is just not known. */
export class TimeIndex {
  readonly #path: string;
  #last: number | null = null;
  #read: Promise<Entry[]> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Bytes from `offset` on were printed at `time` (ms) or later. */
  async add(offset: number, time: number): Promise<void> {
    this.#read ??= this.entries();
    this.#last ??= (await this.#read).at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    if (Math.abs(time - this.#last) < grain) return;
    this.#last = time;
    await appendFile(this.#path, `${offset} ${time}\n`, { mode: 0o600 }).catch(() => {});
  }

  /** The first byte printed at or after `time`; up to a second's worth before it, since nothing finer is known. null: all is older. */
  async offsetAt(time: number): Promise<number | null> {
    const entries = await this.entries();
    const index = entries.findIndex((entry) => entry.time >= time);
    const before = index < 0 ? entries.at(-1) : entries[index - 1];
    if (before && before.time + grain > time) return before.offset;
    return entries[index]?.offset ?? null;
  }

  async entries(): Promise<Entry[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    // a line cut by a full disk is no entry, nor is what follows on it
    return text.split('\n').flatMap((line) => {
      const [, offset, time] = /^(\d+) (\d+)$/.exec(line) ?? [];
      return offset === undefined ? [] : [{ offset: Number(offset), time: Number(time) }];
    });
  }
}

interface Entry {
  offset: number;
  time: number;
}
