import type { AuditEntry } from '../../shared/api.ts';
import type { Db } from './database.ts';

/** `at` in milliseconds since 1970. */
export type AuditRecord = Omit<AuditEntry, 'at'> & { at: number };

/** All SQL on who did what to whose run. Nothing is ever changed or removed here. */
export function auditTable(db: Db) {
  const add = db.prepare('INSERT INTO audit (at, user, action, run, owner, detail) VALUES (?, ?, ?, ?, ?, ?)');
  const since = db.prepare<[number], AuditRecord>(
    'SELECT at, user, action, run, owner, detail FROM audit WHERE at >= ? ORDER BY id DESC LIMIT 10000',
  );
  return {
    add: (a: AuditRecord) => void add.run(a.at, a.user, a.action, a.run, a.owner, a.detail),
    /** from `at` (ms) on, the newest first, ten thousand at most */
    since: (at: number): AuditRecord[] => since.all(at),
  };
}
