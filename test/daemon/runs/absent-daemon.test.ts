/** What a run prints, and how it ends, while no daemon is there: the next one reads it from the engine's record. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { must } from '../../support/command.ts';
import { startDaemon } from '../../support/daemon.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

test('a run that went on and ended without a daemon has its whole log and its true end', async () => {
  const marks = scratchDir('m');
  await using daemon = await startDaemon({ config: { mount_roots: ['/tmp'] } });
  const cwd = await projectWith(
    `- name: w\n  provider: bash\n  mounts: ["${marks}:/marks"]\n  commands: ["echo first", "until [ -e /marks/go ]; do sleep 0.1; done", "seq 1 2000", "exit 7"]`,
  );
  const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, name, 'running');
  await waitFor(async () => (await daemon.cli(['logs', name], { cwd })).stdout === 'first\n', 'its first line');
  await daemon.kill();
  writeFileSync(join(marks, 'go'), '');
  const running = () => must('docker', ['-H', daemon.engine, 'ps', '-q', '--filter', `label=dstack.run=${name}`]);
  await waitFor(async () => (await running()) === '', 'its container to end');
  await daemon.start();
  expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({
    status: 'failed',
    exitCode: 7,
    reason: 'exit code 7',
    attempt: 1,
  });
  const numbers = Array.from({ length: 2000 }, (_, i) => `${i + 1}\n`).join('');
  expect((await daemon.cli(['logs', name], { cwd })).stdout).toBe(`first\n${numbers}`);
  await untilNothingIsLeft(daemon);
});
