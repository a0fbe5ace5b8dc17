import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Run } from '../../shared/api.ts';
import { startDaemon } from './daemon.ts';
import { leftovers } from './engine-leftovers.ts';
import { isAlive } from './processes.ts';
import { projectWith } from './project.ts';
import { waitFor } from './wait-for.ts';

test('a daemon under test runs, is killed and started again, and leaves nothing behind', async () => {
  const cwd = await projectWith("- name: long\n  provider: bash\n  commands: ['echo up', 'sleep 1000']");
  const daemon = await startDaemon();
  const { installation } = (await daemon.status())!;
  const own = () => leftovers(daemon.engine, { home: daemon.home, installation });
  const submitted = await daemon.cli(['run', 'long', '-d'], { cwd });
  expect(submitted).toMatchObject({ code: 0 });
  const name = submitted.stdout.trim();
  const runs = () => daemon.json<Run[]>(['ps'], { cwd });
  await waitFor(async () => (await runs())[0]?.status === 'running', 'the run to be running');
  expect((await own()).containers).toHaveLength(1);

  const first = daemon.pid;
  await daemon.kill();
  expect(isAlive(first)).toBe(false);
  expect(await daemon.status()).toBeNull();
  expect((await own()).containers).toHaveLength(1);
  await daemon.start();
  expect(await runs()).toMatchObject([{ name, status: 'running' }]);

  await daemon[Symbol.asyncDispose]();
  expect(isAlive(daemon.pid)).toBe(false);
  expect(await own()).toEqual({ containers: [], volumes: [] });
  expect(existsSync(daemon.home)).toBe(false);
});
