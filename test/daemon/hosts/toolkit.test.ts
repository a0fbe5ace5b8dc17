import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EngineInfo } from '../../../daemon/engine/engine.ts';
import { attachMethod, containerToolkit, makeCdiSpec, toolkitInstalled, toolkitMissing } from '../../../daemon/hosts/toolkit.ts';
import { scratchDir } from '../../support/scratch.ts';

const plain: EngineInfo = {
  id: 'an-engine',
  version: '28.0.0',
  epoch: '',
  operatingSystem: 'Debian',
  cpus: 8,
  memory: 16e9,
  rootDir: '/var/lib/docker',
  rootless: false,
  defaultRuntime: 'runc',
  runtimes: ['runc', 'io.containerd.runc.v2'],
  cdi: false,
  cdiSpecDirs: [],
  labels: [],
};

function machine() {
  const dir = scratchDir('toolkit');
  mkdirSync(join(dir, 'bin'));
  mkdirSync(join(dir, 'cdi'));
  return {
    places: { path: `/nonexistent:${join(dir, 'bin')}` },
    withCdi: { ...plain, cdi: true, cdiSpecDirs: ['/nonexistent', join(dir, 'cdi')] },
    program: (name: string, mode = 0o755) => writeFileSync(join(dir, 'bin', name), '', { mode }),
    spec: (name: string, text: string) => writeFileSync(join(dir, 'cdi', name), text),
  };
}
const byNumber = 'cdiVersion: 0.5.0\nkind: nvidia.com/gpu\ndevices:\n- name: "0"\n- name: all\n';
const nvidiaSpec = byNumber.replace('all', 'GPU-01234567-89ab-cdef-0123-456789abcdef');

test('none of it', async () => {
  const m = machine();
  m.program('nvidia-container-runtime-hook', 0o644);
  m.spec('other.yaml', 'kind: vendor.com/net\n# not nvidia.com/gpu\n');
  m.spec('nvidia.yaml.disabled', nvidiaSpec);
  expect(await containerToolkit(m.withCdi, m.places)).toBeNull();
  expect(await toolkitInstalled(m.places)).toBe(false);
  expect(await attachMethod(m.withCdi, m.places, 'auto')).toEqual({ method: null, why: toolkitMissing });
});

test("NVIDIA's runtime alone, a CDI specification that the engine reads, the hook: the later goes first", async () => {
  const m = machine();
  const withRuntime = { ...m.withCdi, runtimes: ['runc', 'nvidia'] };
  expect(await containerToolkit(withRuntime, m.places)).toBe('runtime');
  expect(await containerToolkit({ ...plain, defaultRuntime: 'nvidia' }, m.places)).toBe('runtime');
  expect(await attachMethod(withRuntime, m.places, 'auto')).toEqual({ method: 'gpus' });
  m.spec('nvidia.yaml', nvidiaSpec);
  expect(await containerToolkit(plain, m.places)).toBeNull();
  expect(await containerToolkit(withRuntime, m.places)).toBe('cdi');
  expect(await attachMethod(m.withCdi, m.places, 'auto')).toEqual({ method: 'cdi' });
  m.program('nvidia-container-runtime-hook');
  expect(await containerToolkit(withRuntime, m.places)).toBe('hook');
  expect(await attachMethod(plain, m.places, 'auto')).toEqual({ method: 'gpus' });
  m.program('nvidia-ctk');
  expect(await toolkitInstalled(m.places)).toBe(true);
});

test('a specification in JSON', async () => {
  const m = machine();
  m.spec(
    'nvidia.json',
    '{"cdiVersion": "0.6.0", "kind": "nvidia.com/gpu", "devices": [{"name": "MIG-01234567-89ab-cdef-0123-456789abcdef"}]}',
  );
  expect(await containerToolkit(m.withCdi, m.places)).toBe('cdi');
});

test('a specification that names GPUs by number is of no use, and that is said', async () => {
  const m = machine();
  m.spec('nvidia.yaml', byNumber);
  expect(await containerToolkit(m.withCdi, m.places)).toBeNull();
  for (const wanted of ['auto', 'cdi'] as const) {
    expect(await attachMethod(m.withCdi, m.places, wanted)).toEqual({
      method: null,
      why: expect.stringMatching(/by number, not by UUID/),
      fix: makeCdiSpec,
    });
  }
});

test('what the configuration wants: `gpus` is believed, CDI must be there', async () => {
  const m = machine();
  m.program('nvidia-container-runtime-hook');
  expect(await attachMethod(plain, m.places, 'cdi')).toMatchObject({
    method: null,
    why: expect.stringMatching(/Docker Engine 28\.0\.0 has no CDI/),
  });
  expect(await attachMethod(m.withCdi, m.places, 'cdi')).toMatchObject({
    method: null,
    why: expect.stringMatching(/no CDI specification .*nonexistent or/),
  });
  m.spec('nvidia.yaml', nvidiaSpec);
  expect(await attachMethod(m.withCdi, m.places, 'cdi')).toEqual({ method: 'cdi' });
  expect(await attachMethod(plain, { path: '' }, 'gpus')).toEqual({ method: 'gpus' });
});
