import type { Db } from './database.ts';

/** Facts about the installation itself. */
export function metaTable(db: Db) {
  const get = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?');
  const put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value');
  return {
    get: (key: string): string | null => get.get(key)?.value ?? null,
    put: (key: string, value: string) => void put.run(key, value),
  };
}
