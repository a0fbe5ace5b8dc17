import { existsSync, renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';
import { migrations } from './migrations.ts';

export type Db = Database.Database;

/**
 * Opens (or makes) the database at `file` and brings it up to date. Before an existing one is migrated it is copied to `<file>.v<N>.bak`.
 * Fails with `newer_database` where a later version of dstack wrote it, and with `database` where it cannot be read.
 */
export function openDatabase(file: string, steps: readonly string[] = migrations): Result<Db> {
  let db: Db;
  const existed = existsSync(file);
  try {
    db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma('busy_timeout = 5000');
  } catch (error) {
    return fail(
      'database',
      `Cannot open the database ${file}: ${messageOf(error)}`,
      'Check the disk and its permissions with: dstack doctor',
    );
  }
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > steps.length) {
    db.close();
    return fail(
      'newer_database',
      `The database ${file} was written by a newer dstack (its version is ${version}, this one knows ${steps.length})`,
      'Install that version again, or point DSTACK_HOME to another folder',
    );
  }
  if (version < steps.length) {
    try {
      if (existed && version > 0) backup(db, `${file}.v${version}.bak`);
      db.transaction(() => {
        for (const step of steps.slice(version)) db.exec(step);
        db.pragma(`user_version = ${steps.length}`);
      }).immediate();
    } catch (error) {
      db.close();
      return fail(
        'database',
        `Cannot bring the database ${file} up to date: ${messageOf(error)}`,
        'It is as it was. Free some disk, then try again',
      );
    }
  }
  return ok(db);
}

/** A whole copy, readable as a database of its own. An older copy of the same version is kept: it may be the better one. */
function backup(db: Db, to: string): void {
  if (existsSync(to)) return;
  // one cut short must not be taken for a copy
  rmSync(`${to}.new`, { force: true });
  db.prepare('VACUUM INTO ?').run(`${to}.new`);
  renameSync(`${to}.new`, to);
}
