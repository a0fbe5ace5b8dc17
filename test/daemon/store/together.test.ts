import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../daemon/store/database.ts';
import { createTogether } from '../../../daemon/store/together.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';

function lab() {
  const db = unwrap(openDatabase(join(scratchDir('db'), 'd.db')));
  db.exec('CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT');
  const insert = db.prepare('INSERT INTO t (n) VALUES (?)');
  const all = () =>
    db
      .prepare<[], { n: number }>('SELECT n FROM t ORDER BY n')
      .all()
      .map((row) => row.n);
  return { db, insert, all, together: createTogether(db) };
}

test('what comes in one moment is written in one transaction, each with its own answer', async () => {
  const { db, insert, all, together } = lab();
  const inside: boolean[] = [];
  const answers = await Promise.all([1, 2, 3].map((n) => together(() => (inside.push(db.inTransaction), insert.run(n), n * 10))));
  expect(answers).toEqual([10, 20, 30]);
  expect(inside).toEqual([true, true, true]);
  expect(all()).toEqual([1, 2, 3]);
  db.close();
});

test('one that fails takes nothing of the others along, and leaves nothing of its own', async () => {
  const { db, insert, all, together } = lab();
  const results = await Promise.allSettled([
    together(() => insert.run(1)),
    together(() => {
      insert.run(2);
      insert.run(1);
    }),
    together(() => insert.run(3)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(all()).toEqual([1, 3]);
  db.close();
});

test('on a disk that is full nobody is told a lie: what was refused is not there, what was promised is', async () => {
  const { db, together } = lab();
  db.exec('CREATE TABLE big (n INTEGER PRIMARY KEY, t TEXT NOT NULL) STRICT');
  const put = db.prepare('INSERT INTO big (n, t) VALUES (?, ?)');
  db.pragma(`max_page_count = ${(db.pragma('page_count', { simple: true }) as number) + 2}`);
  const sizes = [10, 100_000, 10, 10];
  const results = await Promise.allSettled(sizes.map((size, n) => together(() => put.run(n, 'x'.repeat(size)))));
  const there = db
    .prepare<[], { n: number }>('SELECT n FROM big ORDER BY n')
    .all()
    .map((row) => row.n);
  expect(results.flatMap(({ status }, n) => (status === 'fulfilled' ? [n] : []))).toEqual(there);
  expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_FULL' } });
  db.close();
});

test('where nothing can be written, all are told', async () => {
  const { db, insert, together } = lab();
  const both = [together(() => insert.run(1)), together(() => insert.run(2))];
  db.close();
  for (const one of await Promise.allSettled(both)) expect(one).toMatchObject({ status: 'rejected' });
});
