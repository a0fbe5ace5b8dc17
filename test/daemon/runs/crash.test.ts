/**
 * The daemon is killed with SIGKILL before and after every step that the plan knows; a new one takes over. Nothing may be lost or run twice, every
 * log is complete, nothing is left on the engine. The fault points come from the table of steps: a new one is covered without asking.
 */
import { describe, expect, test } from 'vitest';
import { stepNames, type StepName } from '../../../daemon/control/plan.ts';
import { project, projectWith } from '../../support/project.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { gpuMachine } from '../../support/gpu-machine.ts';
import { isAlive } from '../../support/processes.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

interface Scenario {
  workflow: string;
  /** whether the first daemon dies, or one that finds the run under way */
  armed: 'first' | 'second';
  /** brings the run to the step at which the daemon dies */
  provoke(daemon: TestDaemon, cwd: string, name: string): Promise<void>;
  status: string;
  log: RegExp;
  /** on a machine with GPUs, the stand-ins */
  gpu?: true;
}

const commands = (...lines: string[]): string => lines.map((line) => `    - ${JSON.stringify(line)}`).join('\n');
const workflow = (lines: string, more = ''): string => `- name: w\n  provider: bash\n  commands:\n${lines}\n  artifacts: [out]\n${more}`;
const numbers = Array.from({ length: 200 }, (_, i) => `line ${i + 1}`).join('\n');
const counting = commands('echo once >>out/count', 'i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; done');

/** From its first step to its last. */
const whole: Scenario = {
  workflow: workflow(counting),
  armed: 'first',
  provoke: async () => {},
  status: 'done',
  log: new RegExp(`^${numbers}\n$`),
};
/** Still running when it is looked at. */
const slower: Scenario = { ...whole, workflow: workflow(`${counting}\n${commands('sleep 1')}`) };
const onGpu: Scenario = { ...whole, workflow: workflow(counting, '  resources: {gpu: 1}\n'), gpu: true };
const deaf: Scenario = {
  armed: 'first',
  workflow: workflow(commands('echo once >>out/count', "trap '' TERM; echo up; while :; do sleep 0.1; done")),
  provoke: async (daemon, cwd, name) => {
    await untilStatus(daemon, cwd, name, 'running');
    await daemon.cli(['stop', name, '-y'], { cwd });
  },
  status: 'stopped',
  // the shell may say that its child was told to end
  log: /^up\n(Terminated\n)?$/,
};
const tooLong: Scenario = {
  workflow: workflow(commands('echo once >>out/count', 'echo up; while :; do sleep 0.1; done'), '  max_duration: 2s\n'),
  armed: 'first',
  provoke: async () => {},
  status: 'failed',
  // the shell may say that its child was told to end
  log: /^up\n(Terminated\n)?$/,
};
/** Its output is taken up by a second daemon, which dies of it. */
const longer: Scenario = {
  workflow: workflow(commands('echo once >>out/count', 'echo up; while [ ! -e out/go ]; do sleep 0.1; done; echo over')),
  armed: 'second',
  provoke: async (daemon, cwd, name) => {
    await untilStatus(daemon, cwd, name, 'running');
    await daemon.kill();
  },
  status: 'stopped',
  // the shell may say that its child was told to end
  log: /^up\n(Terminated\n)?$/,
};

/** With an environment to build, whose output is in the log once, before the job's. */
const building: Scenario = {
  ...whole,
  workflow: workflow(counting, `  setup:\n${commands('echo installing', 'echo new >/installed', 'export A=1')}\n`),
  log: new RegExp(`^installing\n${numbers}\n$`),
};

const scenarios: Partial<Record<StepName, Scenario>> = {
  buildEnvironment: building,
  claimGpus: onGpu,
  confirmGpus: onGpu,
  noteRunning: slower,
  noteStopping: deaf,
  terminate: deaf,
  kill: deaf,
  expire: tooLong,
  warn: tooLong,
  followLog: longer,
};

/** Of several nodes alone: torchrun-crash.test.ts and torchrun-gpu.test.ts have them. */
const ofNodes: StepName[] = ['noteReady', 'takeBack', 'giveUp'];

/** Of watches: watch-crash.test.ts. */
const ofWatches: StepName[] = ['takeRerun', 'noteRerun', 'beginRerun', 'endRerun', 'killRerun', 'retire'];

describe.each(stepNames.filter((step) => !ofNodes.includes(step) && !ofWatches.includes(step)))('killed at %s', (step) => {
  const scenario = scenarios[step] ?? whole;
  // each has a daemon of its own
  test.concurrent.each(['before', 'after'] as const)('%s it', async (when) => {
    await using machine = scenario.gpu ? await gpuMachine(1) : null;
    await using daemon = await startDaemon({ ...machine?.options, start: false, config: { grace_period: '1s' } });
    const cwd = await projectWith(scenario.workflow);
    const startArmed = async () => {
      daemon.env['DSTACK_FAULT'] = `${when}:${step}`;
      // it may die before it has answered once: that is what it is for
      await daemon.start().catch(() => undefined);
      delete daemon.env['DSTACK_FAULT'];
    };
    await (scenario.armed === 'first' ? startArmed() : daemon.start());
    const { pid } = daemon;
    const submitted = await daemon.cli(['run', 'w', '-d'], { cwd });
    expect(submitted).toMatchObject({ code: 0 });
    const name = submitted.stdout.trim();
    await scenario.provoke(daemon, cwd, name);
    if (scenario.armed === 'second') await startArmed();
    const doomed = scenario.armed === 'first' ? pid : daemon.pid;
    await waitFor(() => !isAlive(doomed), 'the daemon to die of its fault', { seconds: 60 });
    await daemon.kill();
    await daemon.start();
    if (scenario === longer) await daemon.cli(['stop', name, '-y'], { cwd });
    const run = await untilStatus(daemon, cwd, name, ...ended);
    expect(run).toMatchObject({ status: scenario.status });
    expect((await daemon.cli(['logs', name], { cwd })).stdout).toMatch(scenario.log);
    const out = await project({});
    await daemon.cli(['artifacts', 'download', name, '-o', out], { cwd });
    expect(readFileSync(join(out, 'out/count'), 'utf8')).toBe('once\n');
    await untilNothingIsLeft(daemon);
  });
});
