import type { RunSpec } from '../providers/job-spec.ts';
import type { Db } from './database.ts';
import type { RerunRecord } from './records.ts';

interface Row {
  run_id: number;
  number: number;
  tree: string;
  cause: string;
  changed: string;
  changes: number;
  seen_at: number | null;
  asked_at: number;
  given_at: number | null;
  started_at: number | null;
  stop_asked_at: number | null;
  ended_at: number | null;
  how: string | null;
  exit_code: number | null;
  fresh: string | null;
  spec: string | null;
}

const record = (row: Row): RerunRecord => ({
  runId: row.run_id,
  number: row.number,
  tree: row.tree,
  cause: row.cause as RerunRecord['cause'],
  changed: JSON.parse(row.changed) as string[],
  changes: row.changes,
  seenAt: row.seen_at,
  askedAt: row.asked_at,
  givenAt: row.given_at,
  startedAt: row.started_at,
  stopAskedAt: row.stop_asked_at,
  endedAt: row.ended_at,
  how: row.how as RerunRecord['how'],
  exitCode: row.exit_code,
  fresh: row.fresh,
  spec: row.spec === null ? null : (JSON.parse(row.spec) as RunSpec),
});

/** What is learnt of an attempt after it was asked for. */
export type RerunNews = Partial<Pick<RerunRecord, 'givenAt' | 'startedAt' | 'stopAskedAt' | 'endedAt' | 'how' | 'exitCode' | 'fresh'>>;

/** All SQL on the attempts of watches. */
export function rerunsTable(db: Db) {
  const put = db.prepare(
    `INSERT OR REPLACE INTO reruns (run_id, number, tree, cause, changed, changes, seen_at, asked_at, given_at, started_at, stop_asked_at,
       ended_at, how, exit_code, fresh, spec) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const get = db.prepare<[number, number], Row>('SELECT * FROM reruns WHERE run_id = ? AND number = ?');
  const ofRun = db.prepare<[number], Row>('SELECT * FROM reruns WHERE run_id = ? ORDER BY number');
  const newest = db.prepare<[number, number], Row>('SELECT * FROM reruns WHERE run_id = ? ORDER BY number DESC LIMIT ?');
  const given = db.prepare<[number], Row>('SELECT * FROM reruns WHERE run_id = ? AND given_at IS NOT NULL ORDER BY number DESC LIMIT 1');
  // each alone: what somebody asks for meanwhile stands
  const columns: Record<keyof RerunNews, string> = {
    givenAt: 'given_at',
    startedAt: 'started_at',
    stopAskedAt: 'stop_asked_at',
    endedAt: 'ended_at',
    how: 'how',
    exitCode: 'exit_code',
    fresh: 'fresh',
  };
  const statements = new Map<string, ReturnType<Db['prepare']>>();
  return {
    /** in the place of one with its number, where there is one */
    put: (r: RerunRecord): void =>
      void put.run(
        ...[r.runId, r.number, r.tree, r.cause, JSON.stringify(r.changed), r.changes, r.seenAt, r.askedAt, r.givenAt, r.startedAt],
        ...[r.stopAskedAt, r.endedAt, r.how, r.exitCode, r.fresh, r.spec === null ? null : JSON.stringify(r.spec)],
      ),
    note(runId: number, number: number, news: RerunNews): void {
      const names = Object.keys(news) as (keyof RerunNews)[];
      const set = names.map((name) => `${columns[name]} = ?`).join(', ');
      const statement = statements.get(set) ?? db.prepare(`UPDATE reruns SET ${set} WHERE run_id = ? AND number = ?`);
      statements.set(set, statement);
      statement.run(...names.map((name) => news[name]), runId, number);
    },
    get: (runId: number, number: number): RerunRecord | null => {
      const row = get.get(runId, number);
      return row ? record(row) : null;
    },
    /** in their order */
    ofRun: (runId: number): RerunRecord[] => ofRun.all(runId).map(record),
    /** the newest first, so many of them; none: the run is no watch */
    newest: (runId: number, count: number): RerunRecord[] => newest.all(runId, count).map(record),
    /** the newest that a container was given; null: none was */
    given: (runId: number): RerunRecord | null => {
      const row = given.get(runId);
      return row ? record(row) : null;
    },
  };
}
