import fc from 'fast-check';
import { expect, test } from 'vitest';
import { busOf, dividedIntoMig, parseReport } from '../../../daemon/hosts/gpu-report.ts';
import { fixture, uuidOf } from './fixture.ts';

const MiB = 2 ** 20;
const read = (name: string) => {
  const report = parseReport(fixture(name));
  if (!report) throw new Error(`${name} is no report`);
  return { ...report, all: report.gpus.flatMap(({ gpu }) => gpu ?? []) };
};

test('a server with one GPU, in full', () => {
  expect(read('h100.xml')).toMatchObject({
    driver: '575.57.08',
    said: '',
    gpus: [
      {
        bus: '4f:00.0',
        problem: null,
        mig: [],
        gpu: {
          uuid: uuidOf(1, 1),
          index: 0,
          name: 'NVIDIA H100 80GB HBM3',
          memory: 81559 * MiB,
          driver: '575.57.08',
          computeCapability: null,
          minor: 2,
          mig: null,
          problem: null,
          memoryUsed: 1234 * MiB,
          utilization: 37,
          temperature: 41,
          power: 141.25,
          processes: [{ pid: 4711, name: '/opt/venv/bin/python3', type: 'C', memory: 1224 * MiB, user: null, container: null }],
        },
      },
    ],
  });
});

test.each([
  ['recorded-h100-at-rest.xml', { memoryUsed: 0, utilization: 0, processes: [] }],
  [
    'recorded-h100-busy.xml',
    {
      memoryUsed: 3021 * MiB,
      utilization: 100,
      temperature: 49,
      processes: [{ pid: 2452, name: '/usr/bin/python3', type: 'C', memory: 3012 * MiB }],
    },
  ],
])('%s, as a real driver (580) said it', (name, seen) => {
  const { all, driver } = read(name);
  expect(driver).toBe('580.159.04');
  expect(all).toMatchObject([
    {
      uuid: 'GPU-e7cdd403-f5b9-b859-3be0-35e21f7c6ce6',
      name: 'NVIDIA H100 80GB HBM3',
      memory: 81559 * MiB,
      minor: 0,
      problem: null,
      ...seen,
    },
  ]);
});

test('eight GPUs; a process with a command line for a name, a client of the Multi-Process Service', () => {
  const { all } = read('eight.xml');
  expect(all.map(({ uuid, minor }) => [uuid, minor])).toEqual(Array.from({ length: 8 }, (_, n) => [uuidOf(2, n), n]));
  expect(all.map(({ processes }) => processes.length)).toEqual([0, 0, 0, 1, 0, 1, 0, 0]);
  expect(all[3]).toMatchObject({ utilization: 98, processes: [{ pid: 20311, name: 'python train.py --lr 1e-3 --when a<b', type: 'C' }] });
  expect(all[5]?.processes).toMatchObject([{ pid: 20400, type: 'C' }]);
});

test('a divided GPU, its devices with their own memory, processes and errors', () => {
  const { gpus } = read('mig.xml');
  expect(gpus[0]?.gpu).toMatchObject({ uuid: uuidOf(3, 0), problem: dividedIntoMig, utilization: null });
  expect(gpus[0]?.mig).toMatchObject([
    { index: 0, memory: 19968 * MiB, memoryUsed: 1613 * MiB, problem: null, processes: [{ pid: 551 }] },
    { index: 1, memory: 4864 * MiB, problem: null, processes: [] },
    { index: 2, problem: expect.stringContaining('1 uncorrectable error since the last reset'), processes: [] },
  ]);
  expect(gpus[1]).toMatchObject({ gpu: { problem: null }, mig: [] });
});

test('a board that shares the memory of its machine says nothing of memory', () => {
  expect(read('unified.xml')).toMatchObject({
    gpus: [
      { bus: '000f:01:00.0', gpu: { name: 'NVIDIA GB10', memory: null, memoryUsed: null, power: 11.84, utilization: 3, problem: null } },
    ],
  });
});

test('a desktop: what draws, and what draws and computes', () => {
  const [gpu] = read('desktop.xml').all;
  expect(gpu).toMatchObject({ memoryUsed: 900 * MiB, problem: null });
  expect(gpu?.processes.map(({ pid, type, memory }) => [pid, type, memory])).toEqual([
    [1811, 'G', 412 * MiB],
    [2044, 'G', 231 * MiB],
    [3120, 'C+G', 188 * MiB],
  ]);
});

test('an old driver', () => {
  expect(read('old-driver.xml')).toMatchObject({
    driver: '470.256.02',
    gpus: [{ gpu: { name: 'NVIDIA GeForce GTX 1080 Ti', memory: 11178 * MiB, power: 8.93, temperature: 28, problem: null } }],
  });
});

test('health: what speaks against a GPU and what does not', () => {
  const reset = (n: number) => `: sudo nvidia-smi --gpu-reset -i ${uuidOf(5, n)}`;
  expect(read('health.xml').all.map(({ problem }) => problem)).toEqual([
    null,
    `its memory had 3 uncorrectable errors since the last reset${reset(1)}`,
    `broken rows of its memory are replaced by a reset${reset(2)}`,
    'its memory is broken beyond what the driver can repair; the GPU needs service',
    `the driver asks for a reset${reset(4)}`,
    `the driver asks for a reset${reset(5)}`,
    'the driver asks for a reboot of the machine',
    'the driver asks for a recovery (Drain P2P)',
    `its memory had 5 uncorrectable errors since the last reset${reset(8)}`,
    `broken pages of its memory are retired by a reset${reset(9)}`,
    `broken pages of its memory are retired by a reset${reset(10)}`,
  ]);
});

test('one that must be reset is listed, one that is lost only by its place', () => {
  const { gpus } = read('lost.xml');
  expect(gpus).toMatchObject([
    { gpu: { problem: null } },
    {
      gpu: {
        uuid: uuidOf(8, 1),
        problem: `it must be reset: sudo nvidia-smi --gpu-reset -i ${uuidOf(8, 1)}`,
        memory: null,
        temperature: null,
      },
    },
    { gpu: null, bus: '47:00.0', problem: expect.stringMatching(/fallen off the bus \(GPU is lost\)/) },
  ]);
});

test('every value missing', () => {
  for (const nothing of ['N/A', '[N/A]', 'Not Supported', '[Unknown Error]', 'Unknown Error', '[Non pris en charge]', '']) {
    const bare = `<gpu id="0:01:00.0"><uuid>${uuidOf(9, 0)}</uuid>${['product_name', 'minor_number', 'processes', 'mig_mode']
      .concat('fb_memory_usage', 'utilization', 'temperature', 'ecc_errors', 'gpu_recovery_action')
      .map((name) => `<${name}>${nothing}</${name}>`)
      .join('')}</gpu>`;
    const report = parseReport(`<nvidia_smi_log>${bare}</nvidia_smi_log>`);
    expect(report?.gpus[0]?.gpu).toMatchObject({ name: 'NVIDIA GPU', minor: 0, memory: null, power: null, processes: [] });
    if (!nothing.includes('pris')) expect(report?.gpus[0]?.gpu?.problem).toBeNull();
  }
});

test('what nvidia-smi says beside its report', () => {
  const words = 'Unable to determine the device handle for GPU0000:0F:00.0: GPU is lost.  Reboot the system to recover this GPU';
  expect(parseReport(`${fixture('old-driver.xml')}${words}\n`)?.said).toBe(words.replace('  ', ' '));
  expect(parseReport(words)).toBeNull();
  expect(parseReport('')).toBeNull();
});

test.each([
  ['00000000:4F:00.0', '4f:00.0'],
  ['0000:4f:00.0', '4f:00.0'],
  [' id="00010000:4F:00.0"', '10000:4f:00.0'],
  ['0000000F:01:00.0', '000f:01:00.0'],
  ['for GPU0000:0B:00.0: Unknown Error', '0b:00.0'],
  ['No devices were found', ''],
])('the place on the bus in %j', (text, bus) => expect(busOf(text)).toBe(bus));

test('whatever is cut out of a report or put into it: an answer, and no GPU twice', () => {
  const sources = ['eight.xml', 'mig.xml', 'desktop.xml', 'lost.xml'].map(fixture);
  const junk = fc.oneof(fc.string(), fc.constantFrom('<', '>', '</gpu>', '<gpu id="', '</nvidia_smi_log>', '&', '<!--', '\0'));
  fc.assert(
    fc.property(fc.constantFrom(...sources), fc.nat(), fc.nat(4000), junk, (source, at, length, put) => {
      const from = at % source.length;
      const report = parseReport(source.slice(0, from) + put + source.slice(from + length));
      const uuids = (report?.gpus ?? []).flatMap(({ gpu }) => gpu?.uuid ?? []);
      expect(new Set(uuids).size).toBe(uuids.length);
    }),
    { numRuns: 500 },
  );
});
