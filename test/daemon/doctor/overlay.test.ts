import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { probeOverlay } from '../../../daemon/doctor/overlay.ts';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import { EngineError } from '../../../daemon/engine/engine.ts';

const tiny = 'dstack-test/tiny:1';
const installation = 'overlay-test';
const engine = createDockerEngine({ endpoint: process.env['DOCKER_HOST']!, installation });

function folder(name = 'plain') {
  const base = mkdtempSync(join(tmpdir(), 'overlay-'));
  const dir = join(base, name);
  mkdirSync(dir);
  return { dir, [Symbol.dispose]: () => rmSync(base, { recursive: true }) };
}

test('the engine makes an overlay on a local disk, and nothing of the trial is left', async () => {
  using f = folder();
  expect(await probeOverlay(engine, f.dir, tiny)).toBe(true);
  expect(readdirSync(f.dir)).toEqual([]);
  expect(await engine.volumes(installation)).toEqual([]);
  expect(await engine.list(installation)).toEqual([]);
});

test('a path that an overlay cannot have: no, not an exception', async () => {
  using f = folder('with:colon');
  expect(await probeOverlay(engine, f.dir, tiny)).toBe(false);
  expect(readdirSync(f.dir)).toEqual([]);
});

test('a file system that the kernel takes for no overlay: no', async () => {
  using f = folder();
  // such file systems (NFS, another overlay) are not at hand everywhere: the engine's answer stands in for them
  const refusing = { ...engine, runToEnd: () => Promise.reject(new EngineError('mount', 'error while mounting volume: invalid argument')) };
  expect(await probeOverlay(refusing, f.dir, tiny)).toBe(false);
  expect(readdirSync(f.dir)).toEqual([]);
});

test('an engine that is away is no answer', async () => {
  using f = folder();
  const away = createDockerEngine({ endpoint: `unix://${f.dir}/none.sock`, installation });
  await expect(probeOverlay(away, f.dir, tiny)).rejects.toThrow(EngineError);
  expect(readdirSync(f.dir)).toEqual([]);
});
