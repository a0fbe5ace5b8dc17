import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../support/daemon.ts';

test('what was being sent when the daemon was killed does not stay', async () => {
  await using daemon = await startDaemon();
  expect(await daemon.status()).not.toBeNull();
  await daemon.kill();
  mkdirSync(join(daemon.home, 'uploads'), { recursive: true });
  writeFileSync(join(daemon.home, 'uploads/1-0a1b2c3d4e5f'), 'half of it');
  expect((await daemon.cli(['daemon', 'start'])).code).toBe(0);
  expect(existsSync(join(daemon.home, 'uploads'))).toBe(false);
});
