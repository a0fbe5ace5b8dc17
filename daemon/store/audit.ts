import type { AuditEntry } from '../../shared/api.ts';
import type { Db } from './database.ts';

/** `at` in milliseconds since 1970. */
export type AuditRecord = Omit<AuditEntry, 'at'> & { at: number };

/** All SQL on who did what to whose run. Nothing is ever changed or removed here. */
export function auditTable(db: Db) {
  const add = db.prepare('INSERT INTO audit (at, user, action, run, owner, detail) VALUES (?, ?, ?, ?, ?, ?)');
  const between = db.prepare<{ from: number; to: number; about: string | null }, AuditRecord>(
    `SELECT at, user, action, run, owner, detail FROM audit
     WHERE at BETWEEN @from AND @to AND (@about IS NULL OR user = @about OR owner = @about) ORDER BY id DESC LIMIT 10000`,
  );
  return {
    add: (a: AuditRecord) => void add.run(a.at, a.user, a.action, a.run, a.owner, a.detail),
    /** between two moments (ms), the newest first, ten thousand at most; `about`: what this user did, or others to what is theirs */
    between: (from: number, to: number, about: string | null = null): AuditRecord[] => between.all({ from, to, about }),
  };
}
