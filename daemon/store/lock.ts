import Database from 'better-sqlite3';

/**
 * Takes the one lock of an installation, or returns null when another process holds it. The lock is the kernel's (SQLite's exclusive lock on a small
 * file), so a daemon killed at any point leaves none behind. Held until the returned function is called or the process ends.
 */
export function takeLock(file: string): (() => void) | null {
  const db = new Database(file, { timeout: 0 });
  try {
    // no journal: nothing is ever written, so the lock can be taken on a full disk too
    db.pragma('journal_mode = MEMORY');
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return null;
    throw error;
  }
  return () => db.close();
}
