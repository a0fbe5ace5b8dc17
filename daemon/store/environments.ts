import type { Db } from './database.ts';

/** What the labels of an environment's image cannot tell: when it was used last, and what an environment is that has no image of its own. */
export interface EnvironmentRow {
  key: string;
  /** ms since 1970 */
  usedAt: number;
  /** JSON; null: an image of the engine has it */
  facts: string | null;
}

/** All SQL on cached environments. */
export function environmentsTable(db: Db) {
  const columns = 'key, used_at AS usedAt, facts';
  const get = db.prepare<[string], EnvironmentRow>(`SELECT ${columns} FROM environments WHERE key = ?`);
  const all = db.prepare<[], EnvironmentRow>(`SELECT ${columns} FROM environments ORDER BY key`);
  const put = db.prepare(
    'INSERT INTO environments (key, used_at, facts) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET used_at = excluded.used_at, facts = excluded.facts',
  );
  const touch = db.prepare(
    'INSERT INTO environments (key, used_at, facts) VALUES (?, ?, NULL) ON CONFLICT (key) DO UPDATE SET used_at = excluded.used_at',
  );
  const remove = db.prepare('DELETE FROM environments WHERE key = ?');
  return {
    get: (key: string): EnvironmentRow | null => get.get(key) ?? null,
    all: (): EnvironmentRow[] => all.all(),
    put: ({ key, usedAt, facts }: EnvironmentRow) => void put.run(key, usedAt, facts),
    touch: (key: string, usedAt: number) => void touch.run(key, usedAt),
    remove: (key: string) => void remove.run(key),
  };
}
