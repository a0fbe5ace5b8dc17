import { expect, test } from 'vitest';
import { devicesOf, wrongGpus } from '../../../../daemon/control/claims/gpu-devices.ts';
import type { Gpu } from '../../../../daemon/hosts/host.ts';

const gpu = (uuid: string, minor: number, mig: Gpu['mig'] = null): Gpu => ({ uuid, minor, mig }) as Gpu;
const gpus = [
  gpu('A', 0),
  gpu('B', 3),
  gpu('C', 1),
  gpu('M1', 1, { parent: 'C', profile: '1g.10gb' }),
  gpu('M2', 1, { parent: 'C', profile: '1g.10gb' }),
];

test('the device files are numbered as the driver numbers them', () => expect(devicesOf(gpus, ['B', 'A'])).toEqual([0, 3]));
test('MIG devices have that of their GPU', () => expect(devicesOf(gpus, ['M1', 'M2'])).toEqual([1]));
test('no GPU has none', () => expect(devicesOf(gpus, [])).toEqual([]));
test('one that is not there is no answer', () => expect(devicesOf(gpus, ['A', 'X'])).toBeNull());

test('what is wrong is said with host, expected and seen', () => {
  expect(wrongGpus('gpu2', gpus, ['A'], [3, 9])).toBe(
    "the host 'gpu2' gave the container other GPUs than asked for, so nothing was run: it should see A (/dev/nvidia0), and it saw B (/dev/nvidia3) and an unknown one (/dev/nvidia9)",
  );
  expect(wrongGpus('gpu2', gpus, [], [1])).toContain('it should see no GPU, and it saw C (/dev/nvidia1)');
  expect(wrongGpus('gpu2', gpus, ['A'], [])).toContain('it saw none');
  expect(wrongGpus('gpu2', gpus, ['A'], null)).toContain('it saw others');
});
