import type { Db } from './database.ts';

interface Write {
  /** does it, and gives what is to be told when it is on disk */
  run(): () => void;
  reject(error: unknown): void;
}

/**
 * Writes of the same moment in one transaction: what costs is the wait for the disk, and that is the same for one and for a hundred. Each is all or
 * nothing by itself (a savepoint). The promise resolves when it is on disk, and rejects with what its own action threw, or why nothing could be written.
 */
export function createTogether(db: Db): <T>(action: () => T) => Promise<T> {
  let waiting: Write[] = [];

  const writeAll = (): void => {
    const writes = waiting;
    waiting = [];
    let answers: (() => void)[] = [];
    try {
      db.transaction(() => {
        answers = writes.map((write) => write.run());
      }).immediate();
    } catch (error) {
      answers = writes.map((write) => () => write.reject(error));
    }
    for (const answer of answers) answer();
  };

  return <T>(action: () => T) =>
    new Promise<T>((resolve, reject: (error: unknown) => void) => {
      if (waiting.length === 0) setImmediate(writeAll);
      const run = (): (() => void) => {
        try {
          const value = db.transaction(action)();
          return () => resolve(value);
        } catch (error) {
          // a full disk may have ended the transaction of all: then nothing of it is there, and those after it shall not write on their own
          if (!db.inTransaction) throw error;
          return () => reject(error);
        }
      };
      waiting.push({ run, reject });
    });
}
