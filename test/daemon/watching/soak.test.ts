import { expect, test } from 'vitest';
import { soak } from '../../bench/watch-soak.ts';
import { startDaemon } from '../../support/daemon.ts';

test('each of many attempts sees exactly its files, whatever was edited, and nothing piles up; the daemon is killed on the way', async () => {
  await using daemon = await startDaemon();
  const { stands, wrong, attempts } = await soak(daemon, { edits: 30, stands: [10, 30], killAt: [20] });
  expect(wrong).toEqual([]);
  expect(attempts).toBeGreaterThanOrEqual(30);
  const [early, late] = stands;
  expect(late).toMatchObject({ containers: 1 });
  expect(late?.volumes).toBe(early?.volumes);
  expect(late?.trees).toBeLessThanOrEqual((early?.trees ?? 0) + 1);
}, 180_000);
