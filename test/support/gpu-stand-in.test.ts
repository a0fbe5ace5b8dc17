/** The stand-ins on a real engine: what is asked for is what a container sees, by either way. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEngine, type TestEngine } from './engine.ts';
import { gpuStandIn, type GpuStandIn } from './gpu-stand-in.ts';
import { testContainers, type TestContainers } from './containers.ts';

let gpus: GpuStandIn;
let engine: TestEngine;
let containers: TestContainers;
const see = 'ls /dev | grep nvidia';

beforeAll(async () => {
  gpus = gpuStandIn(3);
  engine = await startEngine({ env: { PATH: gpus.bin }, cdi: gpus.cdi });
  containers = testContainers(engine.host);
});
afterAll(async () => {
  await containers?.clean();
  await engine?.stop();
});

const seen = async (wanted: number[], gpuAttach: 'gpus' | 'cdi') =>
  (await containers.output(`${see}; echo $NVIDIA_VISIBLE_DEVICES`, { gpus: wanted.map((n) => gpus.uuids[n]!), gpuAttach })).output
    .trim()
    .split(/\s+/);

test('--gpus gives exactly the devices asked for', async () => {
  expect(await seen([2], 'gpus')).toEqual(['nvidia2', gpus.uuids[2]]);
  expect(await seen([0, 1], 'gpus')).toEqual(['nvidia0', 'nvidia1', `${gpus.uuids[0]},${gpus.uuids[1]}`]);
});

test('none are given to whom asks for none', async () => expect(await seen([], 'gpus')).toEqual(['void']));

test('another may be given', async () => {
  gpus.give(gpus.uuids[0]!, [1]);
  expect((await seen([0], 'gpus'))[0]).toBe('nvidia1');
  gpus.give(gpus.uuids[0]!, 'own');
  expect((await seen([0], 'gpus'))[0]).toBe('nvidia0');
});

test('CDI gives them where the engine has it, and an engine without refuses', async () => {
  const { cdi } = await containers.engine.info();
  if (cdi) expect(await seen([2], 'cdi')).toEqual(['nvidia2', 'void']);
  else await expect(seen([2], 'cdi')).rejects.toThrow(/could not select device driver/);
});
