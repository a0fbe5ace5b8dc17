/**
 * The daemon is killed with SIGKILL where several nodes wait for each other; a new one takes all of them up. No node is lost or run twice, the run is judged
 * once, nothing is left on the engine. (crash.test.ts has the steps that a job has which is alone.)
 */
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import type { StepName } from '../../../daemon/control/plan.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { torchrunProject, torchrunWorkflow } from '../../support/fake-torchrun.ts';
import { isAlive } from '../../support/processes.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

const meet =
  'if [ $NODE_RANK = 0 ]; then nc -l -p $MASTER_PORT >/dev/null; else until echo x | nc $MASTER_HOSTNAME $MASTER_PORT; do sleep 0.1; done; fi';

interface Scenario {
  script: string[];
  more?: string[];
  /** when it has been submitted */
  provoke?(daemon: TestDaemon, cwd: string, name: string): Promise<unknown>;
  status: string;
  /** of each node's attempts, by node and attempt */
  attempts: [status: string, exitCode: number | null][];
}

const whole: Scenario = {
  script: ['echo once >>out/count', meet],
  status: 'done',
  attempts: [
    ['done', 0],
    ['done', 0],
  ],
};
/** The first attempt fails at node 1, the second is done. */
const retried: Scenario = {
  script: ['[ $RUN_ATTEMPT = 2 ] && exit 0', meet, '[ $NODE_RANK = 1 ] && exit 3', 'while :; do sleep 0.1; done'],
  more: ['retry: 1'],
  status: 'done',
  attempts: [
    ['interrupted', 143],
    ['done', 0],
    ['interrupted', 3],
    ['done', 0],
  ],
};
/** Stopped in its pause before the retry, when none of its nodes has begun again. */
const paused: Scenario = {
  script: [meet, 'exit 3'],
  more: ['retry: 1'],
  provoke: async (daemon, cwd, name) => {
    await waitFor(async () => (await daemon.json<RunDetail>(['ps', name], { cwd })).attempt === 2, 'the pause');
    await daemon.cli(['stop', name, '-y'], { cwd });
  },
  status: 'stopped',
  attempts: [
    ['interrupted', 3],
    ['stopped', null],
    ['interrupted', 3],
    ['stopped', null],
  ],
};

test.concurrent.each<[`${'before' | 'after'}:${StepName}`, Scenario]>([
  ['after:noteReady', whole],
  ['after:startContainer', whole],
  ['after:noteRunning', whole],
  ['after:readEnd', whole],
  ['after:noteStopping', retried],
  ['after:settleArtifacts', retried],
  ['after:finish', retried],
  ['after:giveUp', paused],
])('killed %s', async (fault, scenario) => {
  const retryDelay = scenario === paused ? '1h' : '0.1s';
  await using daemon = await startDaemon({ start: false, config: { grace_period: '5s', retry_delay: retryDelay } });
  const cwd = await torchrunProject([torchrunWorkflow('w', 2, ['artifacts: [out]', ...(scenario.more ?? [])])], { w: scenario.script });
  daemon.env['DSTACK_FAULT'] = fault;
  await daemon.start();
  delete daemon.env['DSTACK_FAULT'];
  const { pid } = daemon;
  const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
  await scenario.provoke?.(daemon, cwd, name);
  await waitFor(() => !isAlive(pid), 'the daemon to die of its fault', { seconds: 60 });
  await daemon.start();
  await untilStatus(daemon, cwd, name, ...ended);
  const run = await daemon.json<RunDetail>(['ps', name], { cwd });
  expect(run.status).toBe(scenario.status);
  expect(run.attempts.map(({ status, exitCode }) => [status, exitCode])).toEqual(scenario.attempts);
  if (scenario === whole)
    expect(await daemon.json(['artifacts', 'list', name], { cwd })).toMatchObject([{ file: 'count', size: 'once\n'.length }]);
  await untilNothingIsLeft(daemon);
});
