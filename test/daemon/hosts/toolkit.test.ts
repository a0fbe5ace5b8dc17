import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EngineInfo } from '../../../daemon/engine/engine.ts';
import { containerToolkit, toolkitInstalled } from '../../../daemon/hosts/toolkit.ts';

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
  labels: [],
};

function machine() {
  const dir = mkdtempSync(join(tmpdir(), 'toolkit-'));
  mkdirSync(join(dir, 'bin'));
  mkdirSync(join(dir, 'cdi'));
  const places = { path: `/nonexistent:${join(dir, 'bin')}`, cdiDirs: ['/nonexistent', join(dir, 'cdi')] };
  const program = (name: string, mode: number) => {
    writeFileSync(join(dir, 'bin', name), '');
    chmodSync(join(dir, 'bin', name), mode);
  };
  return { dir, places, program, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

test('none of it', async () => {
  using m = machine();
  m.program('nvidia-container-runtime-hook', 0o644);
  writeFileSync(join(m.dir, 'cdi', 'other.yaml'), 'kind: vendor.com/net\n');
  expect(await containerToolkit({ ...plain, cdi: true }, m.places)).toBeNull();
  expect(await toolkitInstalled(m.places)).toBe(false);
});

test('the runtime, the hook, a CDI specification that the engine reads', async () => {
  using m = machine();
  expect(await containerToolkit({ ...plain, runtimes: ['runc', 'nvidia'] }, m.places)).toBe('runtime');
  writeFileSync(join(m.dir, 'cdi', 'nvidia.yaml'), 'cdiVersion: 0.5.0\nkind: nvidia.com/gpu\n');
  expect(await containerToolkit(plain, m.places)).toBeNull();
  expect(await containerToolkit({ ...plain, cdi: true }, m.places)).toBe('cdi');
  m.program('nvidia-container-runtime-hook', 0o755);
  expect(await containerToolkit(plain, m.places)).toBe('hook');
  m.program('nvidia-ctk', 0o755);
  expect(await toolkitInstalled(m.places)).toBe(true);
});
