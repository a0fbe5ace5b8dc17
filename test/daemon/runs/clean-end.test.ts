/**
 * A run that ends well is done before its engine has taken its container apart (daemon/control/clean-end.ts). The daemon is killed between each two things that are
 * recorded meanwhile: nothing of it is lost, and nothing is left.
 */
import { expect, test } from 'vitest';
import type { StepName } from '../../../daemon/control/plan.ts';
import { startDaemon } from '../../support/daemon.ts';
import { isAlive } from '../../support/processes.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

const lines = Array.from({ length: 500 }, (_, i) => `line ${i + 1}\n`).join('');
const workflow = `- name: w\n  provider: bash\n  commands: ['i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done']`;
const points: [when: 'before' | 'after', step: StepName][] = [
  ['before', 'readEnd'],
  ['after', 'readEnd'],
  ['after', 'collectLog'],
  ['after', 'settleArtifacts'],
  ['after', 'finish'],
  ['after', 'removeContainer'],
];

test.concurrent.each(points)('killed %s %s, a run that ended well is done, with all that it printed', async (when, step) => {
  await using daemon = await startDaemon({ start: false });
  const cwd = await projectWith(workflow);
  daemon.env['DSTACK_FAULT'] = `${when}:${step}`;
  await daemon.start();
  delete daemon.env['DSTACK_FAULT'];
  const { pid } = daemon;
  const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
  await waitFor(() => !isAlive(pid), 'the daemon to die of its fault', { seconds: 60 });
  await daemon.kill();
  await daemon.start();
  expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'done', exitCode: 0, reason: null });
  expect((await daemon.cli(['logs', name], { cwd })).stdout).toBe(lines);
  await untilNothingIsLeft(daemon);
});

test('attached to, it ends with all that it printed', async () => {
  await using daemon = await startDaemon();
  const cwd = await projectWith(workflow);
  expect(await daemon.cli(['run', 'w'], { cwd })).toMatchObject({ code: 0, stdout: lines });
  await untilNothingIsLeft(daemon);
});
