import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { PolicyView, RunDetail } from '../../../shared/api.ts';
import { startDaemon } from '../../support/daemon.ts';
import { scratchDir } from '../../support/scratch.ts';

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
