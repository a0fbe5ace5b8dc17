/** What gc and the retention of the config free, and what they leave. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Freed } from '../../../shared/api.ts';
import { startDaemon } from '../../support/daemon.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { lastRun, untilStatus } from './fixture.ts';

const saves = '- name: saves\n  provider: bash\n  commands: ["echo hello", "echo 42 >data/n"]\n  artifacts: [data]';

test('gc takes what the retention of the config gives up, and nothing else', async () => {
  await using daemon = await startDaemon({ config: { retention: { artifacts: '0s', logs: 'never', trees: 'never' } } });
  const cwd = await projectWith(saves);
  await daemon.cli(['run', 'saves', '-t', 'kept'], { cwd });
  const kept = await lastRun(daemon, cwd);
  await daemon.cli(['run', 'saves'], { cwd });
  const old = await lastRun(daemon, cwd);
  const files = (name: string) => daemon.json<object[]>(['artifacts', 'list', name], { cwd });
  const told = await daemon.json<Freed[]>(['gc', '--dry-run'], { cwd });
  expect(await files(old.name)).toHaveLength(1);
  expect(await daemon.json<Freed[]>(['gc'], { cwd })).toEqual(told);
  expect(told.map(({ kind, items }) => [kind, items])).toEqual([
    ['artifacts', 1],
    ['logs', 0],
    ['trees', 0],
    ['snapshots', 0],
    ['environments', 0],
    ['downloads', 0],
    ['servers', 0],
  ]);
  expect(await files(old.name)).toEqual([]);
  expect(await files(kept.name)).toHaveLength(1);
  expect((await daemon.cli(['logs', old.name], { cwd })).stdout).toBe('hello\n');
});

test('gc leaves the artifacts that a run under way has mounted, though their own run is removed', async () => {
  const marks = scratchDir('m');
  await using daemon = await startDaemon({ config: { mount_roots: ['/tmp'] } });
  const cwd = await projectWith(
    `${saves}\n- name: uses\n  provider: bash\n  deps: [saves]\n  mounts: ["${marks}:/marks"]\n  commands: ["echo up", "until [ -e /marks/go ]; do sleep 0.1; done", cat data/n]`,
  );
  await daemon.cli(['run', 'saves'], { cwd });
  const { name: saved } = await lastRun(daemon, cwd);
  const name = (await daemon.cli(['run', 'uses', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, name, 'running');
  expect((await daemon.cli(['rm', saved, '-y'], { cwd })).code).toBe(0);
  expect((await daemon.cli(['gc'], { cwd })).code).toBe(0);
  writeFileSync(join(marks, 'go'), '');
  expect(await untilStatus(daemon, cwd, name, 'done', 'failed')).toMatchObject({ status: 'done' });
  expect((await daemon.cli(['logs', name], { cwd })).stdout).toBe('up\n42\n');
});
