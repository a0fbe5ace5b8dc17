import type { RunSpec } from '../providers/job-spec.ts';
import type { Db } from './database.ts';
import type { Intent, RunRecord } from './records.ts';

interface Row {
  id: number;
  name: string;
  project: string;
  project_dir: string;
  workflow: string | null;
  provider: string;
  user: string;
  owner: string | null;
  shared: number;
  spec: string;
  request_id: string | null;
  tag: string | null;
  intent: string | null;
  submitted_at: number;
  removed_at: number | null;
}

const record = (row: Row): RunRecord => ({
  id: row.id,
  name: row.name,
  project: row.project,
  projectDir: row.project_dir,
  workflow: row.workflow,
  provider: row.provider as RunRecord['provider'],
  user: row.user,
  owner: row.owner === null ? null : (JSON.parse(row.owner) as RunRecord['owner']),
  shared: row.shared === 1,
  spec: JSON.parse(row.spec) as RunSpec,
  requestId: row.request_id,
  tag: row.tag,
  intent: row.intent === null ? null : (JSON.parse(row.intent) as Intent),
  submittedAt: row.submitted_at,
  removedAt: row.removed_at,
});

export type NewRun = Omit<RunRecord, 'id' | 'intent' | 'removedAt' | 'shared' | 'owner'> & Partial<Pick<RunRecord, 'owner'>>;

/** All SQL on runs. */
export function runsTable(db: Db) {
  // by way of the jobs that are open, which are few: a store has thousands of runs
  const unfinished = `id IN (SELECT run_id FROM jobs WHERE open = 1 AND status IN ('queued', 'preparing', 'running', 'stopping'))`;
  const insert =
    db.prepare(`INSERT INTO runs (name, project, project_dir, workflow, provider, user, owner, spec, request_id, tag, submitted_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const byId = db.prepare<[number], Row>('SELECT * FROM runs WHERE id = ?');
  const byName = db.prepare<[string], Row>('SELECT * FROM runs WHERE name = ? AND removed_at IS NULL');
  const byRequest = db.prepare<[string], Row>('SELECT * FROM runs WHERE request_id = ?');
  const ofProject = db.prepare<[string], Row>('SELECT * FROM runs WHERE project = ? AND removed_at IS NULL ORDER BY id DESC');
  const before = db.prepare<[string, number, number], Row>(
    'SELECT * FROM runs WHERE project = ? AND id < ? AND removed_at IS NULL ORDER BY id DESC LIMIT ?',
  );
  const unfinishedOf = db.prepare<[string], Row>(
    `SELECT * FROM runs WHERE +project = ? AND removed_at IS NULL AND ${unfinished} ORDER BY id DESC`,
  );
  const lastOf = db.prepare<[string], Row>('SELECT * FROM runs WHERE project = ? AND removed_at IS NULL ORDER BY id DESC LIMIT 1');
  const lastDone = db.prepare<[string, string], Row>(
    `SELECT * FROM runs WHERE project = ? AND workflow = ? AND removed_at IS NULL AND json_extract(spec, '$.buildOnly') IS NOT 1
       AND EXISTS (SELECT 1 FROM jobs j WHERE j.run_id = runs.id AND j.status = 'done')
       AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.run_id = runs.id AND j.status NOT IN ('done', 'interrupted')
         AND j.attempt = (SELECT max(attempt) FROM jobs k WHERE k.run_id = j.run_id AND k.job = j.job))
     ORDER BY submitted_at DESC, id DESC LIMIT 1`,
  );
  const intended = db.prepare<[], { id: number }>(
    'SELECT DISTINCT runs.id FROM jobs JOIN runs ON runs.id = jobs.run_id WHERE jobs.open = 1 AND runs.intent IS NOT NULL',
  );
  const setIntent = db.prepare('UPDATE runs SET intent = ? WHERE id = ?');
  const setTerminal = db.prepare(`UPDATE runs SET spec = json_set(spec, '$.terminal', json_object('columns', ?, 'rows', ?)) WHERE id = ?`);
  const setSpec = db.prepare('UPDATE runs SET spec = ? WHERE id = ?');
  const setShared = db.prepare('UPDATE runs SET shared = ? WHERE id = ?');
  const unfinishedOfOthers = db.prepare<[string], Row>(
    `SELECT * FROM runs WHERE user <> ? AND removed_at IS NULL AND ${unfinished} ORDER BY id DESC`,
  );
  const ofUser = db.prepare<[string], Row>('SELECT * FROM runs WHERE user = ? ORDER BY id DESC');
  const setRemoved = db.prepare('UPDATE runs SET removed_at = ? WHERE id = ?');
  const all = db.prepare<[], Row>('SELECT * FROM runs ORDER BY id');
  const count = db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM runs WHERE ${unfinished}`);
  const countOpenOf = db.prepare<[string], { n: number }>(
    'SELECT count(DISTINCT jobs.run_id) AS n FROM jobs JOIN runs ON runs.id = jobs.run_id WHERE jobs.open = 1 AND runs.user = ?',
  );
  const nextName = db.prepare<[string], { used: number }>(
    'INSERT INTO names (pair, used) VALUES (?, 1) ON CONFLICT (pair) DO UPDATE SET used = used + 1 RETURNING used',
  );
  const one = (row: Row | undefined): RunRecord | null => (row ? record(row) : null);
  return {
    /** Inserts and returns the new id. */
    insert: (run: NewRun): number =>
      Number(
        insert.run(
          run.name,
          run.project,
          run.projectDir,
          run.workflow,
          run.provider,
          run.user,
          run.owner ? JSON.stringify(run.owner) : null,
          JSON.stringify(run.spec),
          run.requestId,
          run.tag,
          run.submittedAt,
        ).lastInsertRowid,
      ),
    byId: (id: number) => one(byId.get(id)),
    /** not removed ones only */
    byName: (name: string) => one(byName.get(name)),
    byRequest: (requestId: string) => one(byRequest.get(requestId)),
    /** newest first */
    ofProject: (project: string) => ofProject.all(project).map(record),
    /** the same, so many of those older than this one, for who must not hold all of them at once */
    ofProjectBefore: (project: string, id: number, count: number) => before.all(project, id, count).map(record),
    unfinishedOf: (project: string) => unfinishedOf.all(project).map(record),
    lastOf: (project: string) => one(lastOf.get(project)),
    /** the newest run of a workflow that is done */
    lastDone: (project: string, workflow: string) => one(lastDone.get(project, workflow)),
    /** ids of the unfinished ones that shall end */
    intended: () => new Set(intended.all().map((row) => row.id)),
    setIntent: (id: number, intent: Intent) => void setIntent.run(JSON.stringify(intent), id),
    /** the size of its jobs' terminals from now on */
    setTerminal: (id: number, { columns, rows }: { columns: number; rows: number }) => void setTerminal.run(columns, rows, id),
    /** what a watch is from its next attempt on */
    setSpec: (id: number, spec: RunSpec) => void setSpec.run(JSON.stringify(spec), id),
    /** whether others may read it */
    setShared: (id: number, shared: boolean) => void setShared.run(shared ? 1 : 0, id),
    /** newest first */
    unfinishedOfOthers: (user: string) => unfinishedOfOthers.all(user).map(record),
    /** removed ones too, newest first */
    ofUser: (user: string) => ofUser.all(user).map(record),
    setRemoved: (id: number, at: number) => void setRemoved.run(at, id),
    /** removed ones too, oldest first */
    all: () => all.all().map(record),
    /** a user's that something is left to do for */
    countOpenOf: (user: string) => countOpenOf.get(user)?.n ?? 0,
    countUnfinished: () => count.get()?.n ?? 0,
    /** the next number of a pair of words, from 1 */
    nextNumber: (pair: string) => nextName.get(pair)?.used ?? 1,
  };
}
