import type { JobState } from '../../shared/states.ts';
import type { Db } from './database.ts';
import type { JobRecord, Progress } from './records.ts';

interface Row {
  run_id: number;
  job: number;
  attempt: number;
  state: string;
  progress: string;
  open: number;
}

const record = (row: Row): JobRecord => ({
  runId: row.run_id,
  job: row.job,
  attempt: row.attempt,
  state: JSON.parse(row.state) as JobState,
  progress: JSON.parse(row.progress) as Progress,
  open: row.open === 1,
});

/** All SQL on the attempts of jobs. */
export function jobsTable(db: Db) {
  const insert = db.prepare('INSERT INTO jobs (run_id, job, attempt, status, state, progress, open) VALUES (?, ?, ?, ?, ?, ?, ?)');
  // Drivers write what they read before they asked the engine, and meanwhile the scheduler may have told the attempt to make room: that stands
  // until it waits again.
  const update = db.prepare(
    `UPDATE jobs SET status = @status, state = @state, open = @open, progress =
       CASE WHEN @status = 'queued' THEN json_set(@progress, '$.preempted', NULL)
            WHEN json_extract(progress, '$.preempted') IS NULL THEN @progress
            ELSE json_set(@progress, '$.preempted', json_extract(progress, '$.preempted')) END
     WHERE run_id = @run_id AND job = @job AND attempt = @attempt`,
  );
  const get = db.prepare<[number, number, number], Row>('SELECT * FROM jobs WHERE run_id = ? AND job = ? AND attempt = ?');
  const open = db.prepare<[], Row>('SELECT * FROM jobs WHERE open = 1 ORDER BY run_id, job, attempt');
  const queued = db.prepare<[], Pick<Row, 'run_id' | 'job' | 'attempt' | 'state'>>(
    `SELECT run_id, job, attempt, state FROM jobs WHERE open = 1 AND status = 'queued' ORDER BY run_id, job`,
  );
  const placed = db.prepare<[], Row>(
    `SELECT * FROM jobs WHERE open = 1 AND status IN ('preparing', 'running', 'stopping') ORDER BY run_id, job`,
  );
  const queuedRuns = db
    .prepare<[], number>(`SELECT DISTINCT run_id FROM jobs WHERE open = 1 AND status = 'queued' ORDER BY run_id`)
    .pluck();
  const someQueued = db.prepare<[], { n: number }>(
    `SELECT count(*) AS n FROM (SELECT 1 FROM jobs WHERE open = 1 AND status = 'queued' LIMIT 1)`,
  );
  const someOpen = db.prepare<[], { n: number }>('SELECT count(*) AS n FROM (SELECT 1 FROM jobs WHERE open = 1 LIMIT 1)');
  const ofRun = db.prepare<[number], Row>('SELECT * FROM jobs WHERE run_id = ? ORDER BY job, attempt');
  return {
    insert: (r: JobRecord) =>
      void insert.run(r.runId, r.job, r.attempt, r.state.status, JSON.stringify(r.state), JSON.stringify(r.progress), r.open ? 1 : 0),
    update({ runId, job, attempt, state, progress, open: isOpen }: JobRecord): void {
      const texts = { status: state.status, state: JSON.stringify(state), progress: JSON.stringify(progress) };
      update.run({ ...texts, open: isOpen ? 1 : 0, run_id: runId, job, attempt });
    },
    get: (runId: number, job: number, attempt: number) => {
      const row = get.get(runId, job, attempt);
      return row ? record(row) : null;
    },
    /** attempts with anything left to do, oldest run first */
    open: () => open.all().map(record),
    /** those that wait, without what was learnt of them: read at every decision of the scheduler */
    queued: () =>
      queued.all().map((row) => ({
        runId: row.run_id,
        job: row.job,
        attempt: row.attempt,
        state: JSON.parse(row.state) as Extract<JobState, { status: 'queued' }>,
      })),
    /** those that have a host */
    placed: () => placed.all().map(record),
    anyQueued: () => someQueued.get()?.n === 1,
    /** ids of the runs that wait */
    queuedRuns: (): number[] => queuedRuns.all() as number[],
    anyOpen: () => someOpen.get()?.n === 1,
    /** all attempts of all jobs */
    ofRun: (runId: number) => ofRun.all(runId).map(record),
  };
}
