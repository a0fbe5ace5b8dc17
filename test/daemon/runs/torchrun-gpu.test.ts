/** Several nodes with a GPU each (stand-ins of test/support/gpu-stand-in.ts), of which another daemon takes one away: they get theirs together, or none. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { claimName } from '../../../daemon/control/claims/claim-rules.ts';
import { labels } from '../../../daemon/engine/engine.ts';
import { testContainers } from '../../support/containers.ts';
import { startDaemon } from '../../support/daemon.ts';
import { torchrunProject, torchrunWorkflow } from '../../support/fake-torchrun.ts';
import { gpuMachine, type GpuMachine } from '../../support/gpu-machine.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

let machine: GpuMachine;
beforeAll(async () => {
  machine = await gpuMachine(2);
});
afterAll(() => machine?.[Symbol.asyncDispose]());

const project = (): Promise<string> =>
  torchrunProject([torchrunWorkflow('w', 2, ['resources: {gpu: 1}'])], { w: ['ls /dev/nvidia[0-9]*'] });

/**
 * A run whose nodes have their places and nothing more when its daemon dies; another daemon's container then has the GPU of the second. `claimed`: or only its
 * claim, which is seen sooner.
 */
async function robbed(claimed: boolean, fault = '') {
  const daemon = await startDaemon({ ...machine.options, start: false });
  const cwd = await project();
  daemon.env['DSTACK_FAULT'] = 'before:claimGpus';
  await daemon.start();
  const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
  await waitFor(async () => (await daemon.status()) === null, 'the daemon to die');
  const others = testContainers(machine.engine.host);
  const [, gpu = ''] = machine.standIn.uuids;
  const of = { [labels.gpus]: gpu, [labels.run]: 'grey-owl-7', [labels.user]: 'eve' };
  if (claimed) await others.engine.create(others.spec('true', { name: claimName(gpu), labels: { ...of, [labels.kind]: 'claim' } }));
  else await others.run('sleep 600', { labels: { ...of, [labels.kind]: 'job' }, init: false });
  daemon.env['DSTACK_FAULT'] = fault;
  await daemon.start();
  delete daemon.env['DSTACK_FAULT'];
  if (fault !== '') {
    await waitFor(async () => (await daemon.status()) === null, 'the daemon to die of its fault');
    await daemon.start();
  }
  const detail = () => daemon.json<RunDetail>(['ps', name], { cwd });
  const waiting = await waitFor(async () => {
    const run = await detail();
    return run.status === 'queued' && run.reason?.includes('grey-owl-7') ? run : null;
  }, 'the run to wait');
  await others.clean();
  await untilStatus(daemon, cwd, name, ...ended);
  const log = (await daemon.cli(['logs', name], { cwd })).stdout;
  await untilNothingIsLeft(daemon);
  return { daemon, waiting, over: await detail(), log };
}

test.each(['', 'before:takeBack', 'after:takeBack'])('a claim that one loses takes all of them back (killed: %j)', async (fault) => {
  const { daemon, waiting, over, log } = await robbed(true, fault);
  await using _ = daemon;
  expect(waiting.attempts.map(({ attempt, status, gpus }) => [attempt, status, gpus])).toEqual([
    [1, 'queued', []],
    [1, 'queued', []],
  ]);
  expect(over).toMatchObject({ reason: null, status: 'done', attempt: 1, wants: '2 × (1 GPU)' });
  expect(over.gpus.toSorted()).toEqual(machine.standIn.uuids.toSorted());
  expect(log.split('\n').toSorted().filter(Boolean)).toEqual(['[node 0] /dev/nvidia0', '[node 1] /dev/nvidia1']);
});

test('one that is lost when the master has begun makes all of them begin again', async () => {
  const { daemon, waiting, over } = await robbed(false);
  await using _ = daemon;
  expect(waiting.attempts.map(({ job, attempt, status, cause }) => [job, attempt, status, cause])).toEqual([
    [0, 1, 'interrupted', 'host'],
    [0, 2, 'queued', null],
    [1, 1, 'interrupted', 'host'],
    [1, 2, 'queued', null],
  ]);
  expect(waiting.attempts[0]?.reason).toMatch(/^node 1: GPU-.* has the run grey-owl-7 of eve/);
  expect(over).toMatchObject({ status: 'done', attempt: 2 });
});
