import type { Db } from './database.ts';

/** What an attempt used, on average over `span` ms from `at` (ms since 1970); null: not known. */
export interface SampleRecord {
  runId: number;
  job: number;
  attempt: number;
  at: number;
  span: number;
  /** cores */
  cpu: number | null;
  /** bytes */
  memory: number | null;
  /** percent and bytes of each of its GPUs, in the order in which the attempt has them */
  gpus: GpuSample[];
}

export interface GpuSample {
  utilization: number | null;
  memory: number | null;
}

export type AttemptKey = Pick<SampleRecord, 'runId' | 'job' | 'attempt'>;

type Row = Omit<SampleRecord, 'gpus'> & { gpus: string };

// kept short, there are many of them
const record = (row: Row): SampleRecord => ({
  ...row,
  gpus: (JSON.parse(row.gpus) as [number | null, number | null][]).map(([utilization, memory]) => ({ utilization, memory })),
});
const gpusText = (gpus: readonly GpuSample[]): string => JSON.stringify(gpus.map((gpu) => [gpu.utilization, gpu.memory]));

/** All SQL on the samples of attempts. */
export function samplesTable(db: Db) {
  const columns = 'run_id AS runId, job, attempt, at, span, cpu, memory, gpus';
  const put = db.prepare(
    'INSERT OR REPLACE INTO samples (run_id, job, attempt, at, span, cpu, memory, gpus) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const ofAttempt = db.prepare<[number, number, number], Row>(
    `SELECT ${columns} FROM samples WHERE run_id = ? AND job = ? AND attempt = ? ORDER BY at`,
  );
  const newestFirst = db.prepare<[number, number, number], Row>(
    `SELECT ${columns} FROM samples WHERE run_id = ? AND job = ? AND attempt = ? ORDER BY at DESC`,
  );
  const any = db.prepare<[number, number, number], unknown>('SELECT 1 FROM samples WHERE run_id = ? AND job = ? AND attempt = ? LIMIT 1');
  const crowded = db.prepare<[number, number, number, number, number], AttemptKey & { from: number }>(
    `SELECT run_id AS runId, job, attempt, cast(at / ? AS INTEGER) AS bucket, min(at) AS "from" FROM samples INDEXED BY samples_by_span
     WHERE span < ? AND at >= ? AND at < ? GROUP BY 1, 2, 3, 4 HAVING count(*) > 1 LIMIT ?`,
  );
  const within = db.prepare<[number, number, number, number, number], Row>(
    `SELECT ${columns} FROM samples WHERE run_id = ? AND job = ? AND attempt = ? AND at >= ? AND at < ? ORDER BY at`,
  );
  const remove = db.prepare('DELETE FROM samples WHERE run_id = ? AND job = ? AND attempt = ? AND at >= ? AND at < ?');
  const removeRun = db.prepare('DELETE FROM samples WHERE run_id = ?');
  const runs = db.prepare<[], { runId: number }>('SELECT DISTINCT run_id AS runId FROM samples');
  const insert = (s: SampleRecord): void =>
    void put.run(s.runId, s.job, s.attempt, s.at, s.span, s.cpu, s.memory === null ? null : Math.round(s.memory), gpusText(s.gpus));
  return {
    put: insert,
    any: (of: AttemptKey): boolean => any.get(of.runId, of.job, of.attempt) !== undefined,
    /** oldest first */
    ofAttempt: (of: AttemptKey) => ofAttempt.all(of.runId, of.job, of.attempt).map(record),
    /** newest first, one at a time, for those who stop early */
    *newestFirst(of: AttemptKey): Generator<SampleRecord, void> {
      for (const row of newestFirst.iterate(of.runId, of.job, of.attempt)) yield record(row);
    },
    /** buckets of `width` ms (multiples of it) from `after` to before `before` that hold several samples shorter than `below`; at most `limit` of them */
    crowded: (width: number, below: number, after: number, before: number, limit: number): (AttemptKey & { from: number })[] =>
      crowded
        .all(width, below, after, before, limit)
        .map(({ runId, job, attempt, from }) => ({ runId, job, attempt, from: from - (from % width) })),
    /** puts what `merge` makes of the samples from `from` to before `to` in their place; within a transaction */
    replace(of: AttemptKey, from: number, to: number, merge: (samples: SampleRecord[]) => SampleRecord): void {
      const merged = merge(within.all(of.runId, of.job, of.attempt, from, to).map(record));
      remove.run(of.runId, of.job, of.attempt, from, to);
      insert(merged);
    },
    /** runs that have any */
    runs: (): number[] => runs.all().map(({ runId }) => runId),
    removeRun: (runId: number) => void removeRun.run(runId),
  };
}
