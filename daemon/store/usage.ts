import type { Db } from './database.ts';

/** What one attempt took of a host while its container ran. Times are milliseconds since 1970. */
export interface UsageRecord {
  runId: number;
  job: number;
  attempt: number;
  user: string;
  project: string;
  workflow: string | null;
  run: string;
  host: string;
  /** how many */
  gpus: number;
  /** product name of its GPUs; null: none, or not known */
  gpuName: string | null;
  /** cores it asked for; null: no limit */
  cpu: number | null;
  startedAt: number;
  finishedAt: number;
}

/** What fair share needs of an attempt. */
export type UsageSpan = Pick<UsageRecord, 'user' | 'gpus' | 'startedAt' | 'finishedAt'>;

export type UsageKey = 'user' | 'project' | 'workflow' | 'run';

export interface UsageSum {
  key: string;
  runs: number;
  /** milliseconds, times GPUs */
  gpuTime: number;
  /** milliseconds */
  time: number;
}

// a workflow is named as a dep of another project names it; what no workflow's name is known of counts for its project
const keys: Record<UsageKey, string> = {
  user: 'user',
  project: 'project',
  workflow: "project || coalesce('/' || workflow, '')",
  run: 'run',
};

/** All SQL on what was used. Rows stay when their run is removed. */
export function usageTable(db: Db) {
  const put = db.prepare(`INSERT OR REPLACE INTO usage
    (run_id, job, attempt, user, project, workflow, run, host, gpus, gpu_name, cpu, started_at, finished_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const spans = db.prepare<[number], UsageSpan>(
    'SELECT user, gpus, started_at AS startedAt, finished_at AS finishedAt FROM usage WHERE finished_at > ?',
  );
  const sumsBy = (key: UsageKey) =>
    db.prepare<[number, number, number], UsageSum>(`SELECT ${keys[key]} AS key, count(DISTINCT run_id) AS runs,
      sum(gpus * (finished_at - max(started_at, ?))) AS gpuTime, sum(finished_at - max(started_at, ?)) AS time
      FROM usage WHERE finished_at > ? GROUP BY 1`);
  const sums = { user: sumsBy('user'), project: sumsBy('project'), workflow: sumsBy('workflow'), run: sumsBy('run') };
  const has = db.prepare<[number, number], { n: number }>('SELECT 1 AS n FROM usage WHERE run_id = ? AND finished_at > ? LIMIT 1');
  return {
    /** idempotent: an attempt has one row, the last that was written */
    put: (u: UsageRecord) =>
      void put.run(
        ...[u.runId, u.job, u.attempt, u.user, u.project, u.workflow, u.run, u.host],
        ...[u.gpus, u.gpuName, u.cpu, u.startedAt, u.finishedAt],
      ),
    /** of attempts that ended after `from` (ms), one at a time: there may be many */
    spans: (from: number) => spans.iterate(from),
    /** what was used after `from` (ms), of attempts that have ended */
    sums: (by: UsageKey, from: number): UsageSum[] => sums[by].all(from, from, from),
    /** whether an ended attempt of the run is among those */
    has: (runId: number, from: number): boolean => has.get(runId, from) !== undefined,
  };
}
