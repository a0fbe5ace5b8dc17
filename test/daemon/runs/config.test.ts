import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import { projectWith } from '../../support/project.ts';
import { untilStatus } from './fixture.ts';

test('a changed configuration holds for the next run; a broken one is said, line and all, by a running daemon and by one that cannot start', async () => {
  await using daemon = await startDaemon({ config: { env: { FROM: 'before' } } });
  const file = join(daemon.home, 'config.yaml');
  const before = readFileSync(file, 'utf8');
  const cwd = await projectWith("- name: w\n  provider: bash\n  commands: ['echo $FROM']");
  expect((await daemon.cli(['run', 'w'], { cwd })).stdout).toBe('before\n');
  writeFileSync(file, before.replace('"before"', '"afterwards"'));
  expect((await daemon.cli(['run', 'w'], { cwd })).stdout).toBe('afterwards\n');
  writeFileSync(file, 'imagess: {}\n');
  const running = await daemon.cli(['run', 'w'], { cwd });
  expect(running.code).toBe(1);
  expect(running.stderr).toMatch(/config\.yaml:1:1[\s\S]*did you mean `images`/);
  await daemon.stop();
  const starting = await daemon.cli(['ps'], { cwd });
  expect(starting.code).toBe(1);
  expect(starting.stderr).toMatch(/config\.yaml:1:1[\s\S]*did you mean `images`/);
  writeFileSync(file, before);
});

test('a stop answers what is true from then on', async () => {
  await using daemon = await startDaemon({ config: { grace_period: '1s' } });
  const cwd = await projectWith('- name: w\n  provider: bash\n  commands: ["trap \'\' TERM; while :; do sleep 0.1; done"]');
  const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, name, 'running');
  expect((await daemon.cli(['stop', name], { cwd })).stdout).toContain('stopping');
  await untilStatus(daemon, cwd, name, 'stopped');
});
