import { expect, test } from 'vitest';
import { detailArgs, parseDetails, parseMigList, reportArgs } from '../../../daemon/hosts/nvidia-smi.ts';
import { fixture, uuidOf } from './fixture.ts';

test('what is asked for', () => {
  expect(reportArgs()).toEqual(['-q', '-x']);
  expect(reportArgs(['0000:01:00.0', '0000:02:00.0'])).toEqual(['-q', '-x', '-i', '0000:01:00.0,0000:02:00.0']);
  expect(detailArgs(true)).toEqual(['--query-gpu=index,uuid,compute_cap', '--format=csv,noheader,nounits']);
  expect(detailArgs(false)).toEqual(['--query-gpu=index,uuid', '--format=csv,noheader,nounits']);
});

test('index and compute capability', () => {
  const details = parseDetails(fixture('eight.csv'));
  expect(details.size).toBe(8);
  expect(details.get(uuidOf(2, 7))).toEqual({ index: 7, computeCapability: '8.0' });
});

test('without one, and among other lines', () => {
  const lines = [
    'Unable to determine the device handle for GPU0000:65:00.0: GPU is lost.',
    'index, uuid, compute_cap',
    `1, ${uuidOf(1, 1)}, [N/A]\r`,
    `2, ${uuidOf(1, 2)}`,
    '3, [Unknown Error], 8.0',
  ];
  expect([...parseDetails(lines.join('\n'))]).toEqual([
    [uuidOf(1, 1), { index: 1, computeCapability: null }],
    [uuidOf(1, 2), { index: 2, computeCapability: null }],
  ]);
  expect(parseDetails('Field "compute_cap" is not a valid field to query.\n').size).toBe(0);
});

test('MIG devices, and the names that they had before driver 470', () => {
  expect(parseMigList(fixture('mig-list.txt'))).toEqual([
    { parent: uuidOf(3, 0), index: 0, profile: '3g.20gb', uuid: 'MIG-31111111-aaaa-bbbb-cccc-000000000000' },
    { parent: uuidOf(3, 0), index: 1, profile: '1g.5gb', uuid: 'MIG-31111111-aaaa-bbbb-cccc-000000000001' },
    { parent: uuidOf(3, 0), index: 2, profile: '1g.5gb', uuid: 'MIG-31111111-aaaa-bbbb-cccc-000000000002' },
  ]);
  const old = `GPU 0: A100-SXM4-40GB (UUID: ${uuidOf(3, 0)})\n  MIG 1c.3g.20gb Device 0: (UUID: MIG-${uuidOf(3, 0)}/1/0)\n`;
  expect(parseMigList(old)).toEqual([{ parent: uuidOf(3, 0), index: 0, profile: '1c.3g.20gb', uuid: `MIG-${uuidOf(3, 0)}/1/0` }]);
  expect(parseMigList('rubbish')).toEqual([]);
});
