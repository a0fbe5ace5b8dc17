import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GpuInfo } from '../../../shared/api.ts';
import { gpuTable } from '../../../cli/gpu-table.ts';
import { output } from '../../../cli/terminal/output.ts';
import { width } from '../../../cli/terminal/text.ts';
import { daemonDouble, type DaemonDouble } from '../support/daemon-double.ts';

let daemon: DaemonDouble;
beforeEach(async () => {
  daemon = await daemonDouble();
});
afterEach(() => daemon.close());

const gpu = (over: Partial<GpuInfo> = {}): GpuInfo => ({
  host: 'local',
  index: 0,
  uuid: 'GPU-10000000-aaaa-bbbb-cccc-000000000001',
  name: 'NVIDIA A100-SXM4-80GB',
  memory: 85_899_345_920,
  memoryUsed: 12_345_678_901,
  utilization: 98,
  temperature: 64,
  power: 312.4,
  driver: '570.86.15',
  computeCapability: '8.0',
  mig: null,
  holder: null,
  busy: null,
  processes: [],
  staleSince: null,
  ...over,
});
const nothing = { memory: null, memoryUsed: null, utilization: null, temperature: null, power: null };
const all = [
  gpu({ holder: { run: 'calm-otter-3', user: 'ada', installation: 'i' } }),
  gpu({
    index: 1,
    busy: 'is used by process 4711 (python, bob)',
    processes: [{ pid: 4711, name: '/usr/bin/python x.py', user: 'bob', memory: 1 }],
  }),
  gpu({ index: 2, holder: { run: '', user: 'eve', installation: 'j' }, memoryUsed: null }),
  gpu({ index: 3, name: 'NVIDIA GB10', ...nothing }),
  gpu({ index: 4, busy: 'it is divided into MIG devices', utilization: null }),
  gpu({ index: 4, name: 'NVIDIA A100-SXM4-40GB MIG 1g.5gb', mig: { parent: 'GPU-1', profile: '1g.5gb' }, memory: 5e9, memoryUsed: 0 }),
];

test('for people who pipe it', async () => {
  daemon.answers.gpus = () => ({ gpus: all, problem: null });
  expect(await daemon.cli(['gpus'])).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      'HOST   GPU  UUID          NAME                    MEMORY  UTIL  TEMP  USED BY',
      'local  0    GPU-10000000  A100-SXM4-80GB  12.3 / 85.9 GB   98%  64°C  calm-otter-3 (ada)',
      'local  1    GPU-10000000  A100-SXM4-80GB  12.3 / 85.9 GB   98%  64°C  python (bob)',
      '  is used by process 4711 (python, bob)',
      'local  2    GPU-10000000  A100-SXM4-80GB     - / 85.9 GB   98%  64°C  another daemon (eve)',
      'local  3    GPU-10000000  GB10                         -     -     -  free',
      'local  4    GPU-10000000  A100-SXM4-80GB  12.3 / 85.9 GB     -  64°C  not handed out',
      '  it is divided into MIG devices',
      'local  └ 4  GPU-10000000  MIG 1g.5gb          0.0 / 5 GB   98%  64°C  free',
      '',
    ].join('\n'),
  });
  expect(daemon.asked.at(-1)).toMatchObject({ verb: 'gpus', params: {} });
});

test('for programs: a list, whatever is wrong', async () => {
  daemon.answers.gpus = () => ({ gpus: all, problem: 'nvidia-smi did not answer within 10 s.' });
  const done = await daemon.cli(['gpus', '--json', '--fresh']);
  expect(JSON.parse(done.stdout)).toEqual(all);
  expect(done).toMatchObject({ code: 0, stderr: 'nvidia-smi did not answer within 10 s.\n' });
  expect(daemon.asked.at(-1)).toMatchObject({ params: { fresh: '1' } });
});

test('none: why', async () => {
  daemon.answers.gpus = () => ({ gpus: [], problem: 'There is no NVIDIA GPU in this machine.' });
  expect(await daemon.cli(['gpus'])).toEqual({ code: 0, stdout: '', stderr: 'There is no NVIDIA GPU in this machine.\n' });
});

test.each([80, 100, 200])('on a terminal of %i columns no line is longer', (columns) => {
  const long = gpu({
    holder: { run: 'extraordinary-hippopotamus-1234', user: 'bartholomew', installation: 'i' },
    name: 'NVIDIA RTX PRO 6000 Blackwell Workstation Edition',
    index: 5,
  });
  const lines = gpuTable([...all, long], { ...output(process.stdout), columns: () => columns });
  expect(lines[0]?.includes('UUID')).toBe(columns === 200);
  expect(lines.filter((line) => width(line) > columns)).toEqual([]);
  expect(lines[1]).toContain('calm-otter-3 (ada)');
  expect(lines.at(-1)).toContain(columns === 200 ? 'extraordinary-hippopotamus-1234 (bartholomew)' : 'extraordina');
});

test('two of one number are told apart by their UUIDs, however narrow it is', () => {
  const lost = gpu({ uuid: 'GPU-20000000-aaaa-bbbb-cccc-000000000002', busy: 'it has fallen off the bus' });
  const lines = gpuTable([gpu(), lost], { ...output(process.stdout), columns: () => 80 });
  expect(lines.join('\n')).toMatch(/^local +0 +GPU-10000000 .*\nlocal +0 +GPU-20000000 .*not handed …$/m);
});
