import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createArtifacts } from '../../../daemon/artifacts/create-artifacts.ts';
import { unmountBelow } from '../../support/reap.ts';
import { scratchDir } from '../../support/scratch.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';

test('a copy that does not fit says that the disk is full, and is made again when there is room', async () => {
  const base = scratchDir('full');
  const dep = join(base, 'dep');
  mkdirSync(dep);
  writeFileSync(join(dep, 'model'), Buffer.alloc(8 << 20, 1));
  await mountSmallDisk(join(base, 'disk'), 4 << 20, 'tmpfs');
  try {
    const owner = { uid: process.getuid!(), gid: process.getgid!() };
    const artifacts = createArtifacts({
      dir: join(base, 'disk', 'artifacts'),
      owner,
      asRoot: () => Promise.reject(new Error('no root needed')),
    });
    const full = { ok: false, failure: { code: 'no_space', message: expect.stringContaining('The disk is full') } };
    expect(await artifacts.prepare(1, 0, [{ key: '0', from: dep }])).toMatchObject(full);
    expect(existsSync(artifacts.folder(1, 0, '0'))).toBe(false);
    expect(await artifacts.importDirs(2, 0, [{ key: '0', source: dep }])).toMatchObject(full);
    expect(readdirSync(join(base, 'disk', 'artifacts', '2', '0'))).toEqual([]);

    writeFileSync(join(dep, 'model'), 'smaller');
    expect(await artifacts.prepare(1, 0, [{ key: '0', from: dep }])).toEqual({ ok: true, value: undefined });
    expect(await artifacts.list(1, 0, [{ key: '0', path: 'o' }])).toEqual([{ artifact: 'o', file: 'model', size: 7 }]);
  } finally {
    await unmountBelow(base);
  }
});
