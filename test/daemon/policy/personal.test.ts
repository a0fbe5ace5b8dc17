import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Check, PolicyView, Run, RunDetail } from '../../../shared/api.ts';
import { startDaemon } from '../../support/daemon.ts';
import { scratchDir } from '../../support/scratch.ts';

test('a daemon starts with a policy that has problems: it shows and stops, starts nothing, and goes on when the file is mended', async () => {
  await using daemon = await startDaemon();
  const cwd = scratchDir('p');
  const long = (await daemon.cli(['run', '-d', 'bash', '-c', 'sleep 600'], { cwd })).stdout.trim();
  await daemon.stop();
  const file = join(daemon.home, 'policy.yaml');
  writeFileSync(file, 'defaults:\n  runs: few\n');
  await daemon.start();
  expect(await daemon.json<Run[]>(['ps'], { cwd })).toMatchObject([{ name: long }]);
  const refused = await daemon.cli(['run', 'bash', '-c', 'true'], { cwd });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`${file}:2:9: runs few: this is not a whole number`);
  const checks = JSON.parse((await daemon.cli(['doctor', '--json'], { cwd })).stdout) as Check[];
  expect(checks).toContainEqual(expect.objectContaining({ name: 'settings', status: 'error', message: expect.stringContaining('2:9') }));
  expect((await daemon.cli(['stop', long, '-x'], { cwd })).code).toBe(0);
  writeFileSync(file, 'defaults: {runs: 2}');
  expect((await daemon.cli(['run', 'bash', '-c', 'echo mended'], { cwd })).stdout).toContain('mended');
});

test("a daemon of one's own has a policy too, if there is the file", async () => {
  await using daemon = await startDaemon();
  const cwd = scratchDir('p');
  expect(await daemon.json<PolicyView>(['policy'], { cwd })).toMatchObject({ file: null, gpus: null, diskUsed: 0 });
  const file = join(daemon.home, 'policy.yaml');
  writeFileSync(file, 'defaults: {max_duration: 1h, memory: 32MB, priority: 0}');
  expect(await daemon.json<PolicyView>(['policy'], { cwd })).toMatchObject({ file, maxDuration: 3600 });
  const { stdout } = await daemon.cli(['run', '-d', 'bash', '-c', 'true'], { cwd });
  expect(await daemon.json<RunDetail>(['ps', stdout.trim()], { cwd })).toMatchObject({ maxDuration: 3600, resources: { memory: 32e6 } });
  expect((await daemon.cli(['run', '--priority', '1', 'bash', '-c', 'true'], { cwd })).stderr).toContain('allows you at most 0');
  expect((await daemon.cli(['share', stdout.trim()], { cwd })).stderr).toContain('This daemon serves only you');
});
