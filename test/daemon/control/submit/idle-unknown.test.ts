import { expect, test } from 'vitest';
import { idleUnknown } from '../../../../daemon/control/submit/idle-unknown.ts';
import type { ControlParts } from '../../../../daemon/control/parts.ts';
import { dividedIntoMig } from '../../../../daemon/hosts/gpu-report.ts';
import type { Gpu } from '../../../../daemon/hosts/host.ts';

const whole = { uuid: 'GPU-0', name: 'NVIDIA A100-SXM4-40GB', memory: 40e9, mig: null, problem: null } as Gpu;
const divided: Gpu = { ...whole, uuid: 'GPU-1', problem: dividedIntoMig };
const part: Gpu = { ...whole, uuid: 'MIG-1', name: `${whole.name} MIG 1g.5gb`, memory: 5e9, mig: { parent: 'GPU-1', profile: '1g.5gb' } };
const parts = (gpus: Gpu[]) => ({ gpus: { of: async () => gpus } }) as unknown as Pick<ControlParts, 'gpus'>;
const job = (name: string | null) => ({ gpu: { count: 1, name, memory: null } });

test('an idle_timeout of a run that can only get MIG devices is said to have no effect', async () => {
  expect(await idleUnknown(parts([divided, part]), 60, [job(null)])).toEqual([
    expect.stringContaining("'idle_timeout' has no effect here"),
  ]);
  expect(await idleUnknown(parts([whole, divided, part]), 60, [job('1g.5gb')])).toHaveLength(1);
});

test('nothing is said where a whole GPU may be had, none is wanted, or there is no idle_timeout', async () => {
  expect(await idleUnknown(parts([whole, divided, part]), 60, [job(null)])).toEqual([]);
  expect(await idleUnknown(parts([divided, part]), 60, [{ gpu: null }])).toEqual([]);
  expect(await idleUnknown(parts([divided, part]), null, [job(null)])).toEqual([]);
});
