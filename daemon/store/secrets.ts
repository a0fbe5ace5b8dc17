import type { Db } from './database.ts';

/** All SQL on secrets; values are sealed before they come here. */
export function secretsTable(db: Db) {
  const put = db.prepare(
    `INSERT INTO secrets (project, name, sealed, created_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (project, name) DO UPDATE SET sealed = excluded.sealed, created_at = excluded.created_at`,
  );
  const list = db.prepare<[string], { name: string; sealed: Buffer; created_at: number }>(
    'SELECT * FROM secrets WHERE project = ? ORDER BY name',
  );
  const remove = db.prepare('DELETE FROM secrets WHERE project = ? AND name = ?');
  return {
    put: (project: string, name: string, sealed: Buffer, at: number) => void put.run(project, name, sealed, at),
    list: (project: string) => list.all(project).map((row) => ({ name: row.name, sealed: row.sealed, createdAt: row.created_at })),
    /** false: there was none */
    remove: (project: string, name: string) => remove.run(project, name).changes > 0,
  };
}
