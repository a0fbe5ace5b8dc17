import { expect, test } from 'vitest';
import { gpuFields, parseGpus, queryOf } from '../../../daemon/hosts/nvidia-smi.ts';

const uuid = (n: number) => `GPU-0000000${n}-1111-2222-3333-444444444444`;

test('asks for CSV without header and units', () => {
  expect(queryOf(gpuFields)).toEqual([
    '--query-gpu=index,uuid,memory.total,driver_version,compute_cap,name',
    '--format=csv,noheader,nounits',
  ]);
});

test('two GPUs of a server, in order of their index, memory in bytes', () => {
  const output = `1, ${uuid(1)}, 81559, 580.159.04, 9.0, NVIDIA H100 80GB HBM3\n0, ${uuid(0)}, 81559, 580.159.04, 9.0, NVIDIA H100 80GB HBM3\n`;
  expect(parseGpus(output)).toEqual({
    gpus: [0, 1].map((index) => ({
      uuid: uuid(index),
      index,
      name: 'NVIDIA H100 80GB HBM3',
      memory: 81559 * 1024 * 1024,
      driver: '580.159.04',
      computeCapability: '9.0',
      busy: null,
    })),
    otherLines: [],
  });
});

test.each(['[N/A]', '[Not Supported]', '[Unknown Error]', '[Non pris en charge]', 'N/A', ''])('no memory and no name: %j', (nothing) => {
  const { gpus } = parseGpus(`0, ${uuid(0)}, ${nothing}, 580.1, ${nothing}, ${nothing}`);
  expect(gpus).toEqual([
    { uuid: uuid(0), index: 0, name: 'NVIDIA GPU', memory: null, driver: '580.1', computeCapability: null, busy: null },
  ]);
});

test('a name may hold commas, lines may end as on Windows', () => {
  expect(parseGpus(`0, ${uuid(0)}, 100, 1, 9.0, Quadro, special\r\n`).gpus[0]?.name).toBe('Quadro, special');
});

test('what is not a GPU is handed back: errors among the lines, headers, half lines', () => {
  const output = [
    'Unable to determine the device handle for GPU0000:65:00.0: GPU is lost.  Reboot the system to recover this GPU',
    `0, ${uuid(0)}, 24576, 535.1, 8.6, NVIDIA GeForce RTX 3090`,
    'index, uuid, memory.total [MiB], driver_version, compute_cap, name',
    `1, ${uuid(1)}`,
    '2, [Unknown Error], 24576, 535.1, 8.6, NVIDIA GeForce RTX 3090',
  ].join('\n');
  const { gpus, otherLines } = parseGpus(output);
  expect(gpus.map(({ index }) => index)).toEqual([0]);
  expect(otherLines).toHaveLength(4);
  expect(otherLines[0]).toMatch(/^Unable to determine/);
});
