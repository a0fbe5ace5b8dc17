/**
 * Two daemons with homes of their own, one engine, one GPU (stand-ins of test/support/gpu-stand-in.ts): whatever happens to the daemons and to what lies on the
 * engine, runs never have it at once, each comes to its turn, and the GPU is free in the end. test/daemon/control/claims/claims-race.test.ts has the many races.
 */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { labels } from '../../../daemon/engine/engine.ts';
import { testContainers } from '../../support/containers.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { engineJson, engineRequest, filters } from '../../support/engine-api.ts';
import { gpuMachine, type GpuMachine } from '../../support/gpu-machine.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

let machine: GpuMachine;
let daemons: TestDaemon[] = [];
const shared = scratchDir('shared');
const newFolder = (): string => mkdtempSync(join(shared, 'r'));

beforeAll(async () => {
  machine = await gpuMachine(1);
  const config = { mount_roots: [shared], gpus: { read_every: '1s', claim_timeout: '2s' } };
  for (let i = 0; i < 2; i++) daemons.push(await startDaemon({ ...machine.options, config }));
});
afterAll(async () => {
  for (const daemon of daemons) await daemon[Symbol.asyncDispose]();
  daemons = [];
  await machine?.[Symbol.asyncDispose]();
});

/** Says in `shared` when it finds another one at work, and that it was there itself. */
const workflow = (folder: string): string =>
  `- name: w\n  provider: bash\n  mounts: ["${folder}:/shared"]\n  resources: {gpu: 1}\n  commands:\n${[
    'mkdir /shared/busy || touch /shared/overlap',
    'sleep 0.3; touch /shared/$RUN_NAME',
    'rmdir /shared/busy',
  ]
    .map((line) => `    - ${line}\n`)
    .join('')}`;

const submit = async (daemon: TestDaemon, cwd: string): Promise<string> => {
  const { stdout, stderr } = await daemon.cli(['run', 'w', '-d'], { cwd });
  expect(stderr).toBe('');
  return stdout.trim();
};

const troubles = {
  'in peace': async () => {},
  'one is killed and started again': async () => {
    await daemons[0]!.kill();
    await daemons[0]!.start();
  },
  'somebody prunes': async () => {
    for (let i = 0; i < 20; i++) await engineRequest(machine.engine.host, 'POST', '/containers/prune', { expected: [409] });
  },
} satisfies Record<string, () => Promise<void>>;

describe.each(Object.keys(troubles) as (keyof typeof troubles)[])('%s', (trouble) => {
  test.each([1, 2, 3, 4])('race %i', async (race) => {
    const folder = newFolder();
    const places = await Promise.all(daemons.map(() => projectWith(workflow(folder))));
    // the second gets a head start every other time
    const order = race % 2 === 0 ? [1, 0] : [0, 1];
    const names = await Promise.all(order.map((i) => submit(daemons[i]!, places[i]!)));
    await troubles[trouble]();
    const runs = await Promise.all(order.map((i, place) => untilStatus(daemons[i]!, places[i]!, names[place]!, ...ended)));
    expect(runs.map((run) => run.status)).toEqual(['done', 'done']);
    expect(existsSync(`${folder}/overlap`)).toBe(false);
    expect(new Set(readdirSync(folder))).toEqual(new Set(names));
    for (const daemon of daemons) await untilNothingIsLeft(daemon);
  });
});

describe('of a GPU that the other daemon has', () => {
  test('the run that waits says who has it', async () => {
    const folder = newFolder();
    const [a, b] = daemons as [TestDaemon, TestDaemon];
    const cwd = await projectWith(workflow(folder).replace('sleep 0.3', 'while [ ! -e /shared/go ]; do sleep 0.1; done'));
    const first = await submit(a, cwd);
    await untilStatus(a, cwd, first, 'running');
    const second = await submit(b, cwd);
    const reason = await waitFor(async () => {
      const run = (await b.json<Run[]>(['ps', '-a'], { cwd })).find((one) => one.name === second);
      return run?.status === 'queued' && run.reason?.includes(first) ? run.reason : null;
    }, 'the reason');
    expect(reason).toContain('another dstack daemon');
    await a.cli(['stop', first, '-x', '-y'], { cwd });
    await b.cli(['stop', second, '-x', '-y'], { cwd });
    for (const daemon of daemons) await untilNothingIsLeft(daemon);
  });

  test('a container that was made before that is found out goes again, and its run waits on', async () => {
    const [a] = daemons as [TestDaemon];
    const cwd = await projectWith(workflow(newFolder()));
    await a.kill();
    a.env['DSTACK_FAULT'] = 'before:confirmGpus';
    await a.start();
    delete a.env['DSTACK_FAULT'];
    const name = await submit(a, cwd);
    await waitFor(async () => (await a.status()) === null, 'the daemon to die');
    // another installation's, from here
    const others = testContainers(machine.engine.host);
    const [gpu = ''] = machine.standIn.uuids;
    const of = { [labels.kind]: 'job', [labels.gpus]: gpu, [labels.run]: 'grey-owl-7', [labels.user]: 'eve' };
    const container = await others.run('sleep 60', { labels: of, init: false });
    await a.start();
    const reason = await waitFor(async () => {
      const run = (await a.json<Run[]>(['ps', '-a'], { cwd })).find((one) => one.name === name);
      return run?.status === 'queued' && run.reason?.includes('grey-owl-7') ? run.reason : null;
    }, 'the run to wait again');
    expect(reason).toContain('grey-owl-7 of eve');
    expect((await others.engine.gpuContainers()).map((one) => one.name)).toEqual([container]);
    await others.clean();
    expect(await untilStatus(a, cwd, name, ...ended)).toMatchObject({ status: 'done', attempt: 1 });
    await untilNothingIsLeft(a);
  });

  test('whose daemon dies with a claim and no container, it is free after a while', async () => {
    const [a, b] = daemons as [TestDaemon, TestDaemon];
    const cwd = await projectWith(workflow(newFolder()));
    await a.kill();
    a.env['DSTACK_FAULT'] = 'after:claimGpus';
    await a.start();
    delete a.env['DSTACK_FAULT'];
    await submit(a, cwd);
    const claims = () =>
      engineJson<{ Names: string[]; Labels: Record<string, string> }[]>(
        machine.engine.host,
        `/containers/json?all=1&${filters({ label: [`${labels.kind}=claim`] })}`,
      );
    const [claim] = await waitFor(async () => ((await a.status()) === null ? claims() : null), 'the daemon to die');
    expect(claim?.Names).toEqual([`/dstack-gpu-${machine.standIn.uuids[0]}`]);
    const second = await submit(b, cwd);
    await untilStatus(b, cwd, second, 'done');
    await a.start();
    const [first] = await a.json<Run[]>(['ps', '-a'], { cwd });
    await untilStatus(a, cwd, first!.name, 'done');
    for (const daemon of daemons) await untilNothingIsLeft(daemon);
  });
});
