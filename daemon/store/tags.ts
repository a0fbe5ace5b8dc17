import type { Db } from './database.ts';
import type { TagRecord } from './records.ts';

interface Row {
  project: string;
  tag: string;
  run_id: number;
  created_at: number;
}

const record = (row: Row): TagRecord => ({ project: row.project, tag: row.tag, runId: row.run_id, createdAt: row.created_at });

/** All SQL on tags. A tag is unique in its project and points to one run. */
export function tagsTable(db: Db) {
  const put = db.prepare(
    `INSERT INTO tags (project, tag, run_id, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (project, tag) DO UPDATE SET run_id = excluded.run_id, created_at = excluded.created_at`,
  );
  const get = db.prepare<[string, string], Row>('SELECT * FROM tags WHERE project = ? AND tag = ?');
  const ofProject = db.prepare<[string], Row>('SELECT * FROM tags WHERE project = ? ORDER BY created_at DESC, tag');
  const ofRun = db.prepare<[number], Row>('SELECT * FROM tags WHERE run_id = ? ORDER BY tag');
  const remove = db.prepare('DELETE FROM tags WHERE project = ? AND tag = ?');
  return {
    /** makes it, or moves it here */
    put: (t: TagRecord) => void put.run(t.project, t.tag, t.runId, t.createdAt),
    get: (project: string, tag: string) => {
      const row = get.get(project, tag);
      return row ? record(row) : null;
    },
    ofProject: (project: string) => ofProject.all(project).map(record),
    ofRun: (runId: number) => ofRun.all(runId).map(record),
    /** false: there was none */
    remove: (project: string, tag: string) => remove.run(project, tag).changes > 0,
  };
}
