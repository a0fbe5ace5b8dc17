import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import type { DaemonStatus } from '../../shared/api.ts';
import { ownVersion } from '../../shared/version.ts';
import { untilStatus } from '../daemon/runs/fixture.ts';
import { projectWith } from '../support/project.ts';
import { scratchDir } from '../support/scratch.ts';
import { startDaemon } from '../support/daemon.ts';
import { installed } from './installed.ts';

test('a package that is replaced under its daemon: it goes on, until a newer command replaces it; what runs goes on', async () => {
  const prefix = join(scratchDir('u'), 'prefix');
  cpSync(inject('prefix'), prefix, { recursive: true, verbatimSymlinks: true });
  const folder = join(prefix, 'lib/node_modules/dstack-local');
  await using dstack = await installed('24', { prefix });
  expect((await dstack.cli(['daemon', 'start'])).code).toBe(0);

  const aside = join(prefix, 'aside');
  cpSync(folder, aside, { recursive: true });
  rmSync(folder, { recursive: true });
  const cwd = await projectWith(
    `- name: save
  provider: bash
  setup: [touch /made]
  commands: [echo saved >out/file, cat out/file]
  artifacts: [out]
- name: wait
  provider: bash
  commands: [echo begun, 'while ! test -e /workflow/end; do sleep 0.1; done', echo ended]`,
  );
  // a command of the same version from elsewhere: what the daemon loads late for it is not on the disk any more
  const elsewhere = await startDaemon({ start: false, home: dstack.home });
  const saved = await elsewhere.cli(['run', 'save', '-t', 'one'], { cwd });
  expect(saved, saved.stderr + elsewhere.log()).toMatchObject({ code: 0, stdout: 'saved\n' });
  expect(await elsewhere.cli(['artifacts', 'download', ':one', '-o', 'got'], { cwd })).toMatchObject({ code: 0 });
  expect(readFileSync(join(cwd, 'got/out/file'), 'utf8')).toBe('saved\n');
  const name = (await elsewhere.cli(['run', 'wait', '-d'], { cwd })).stdout.trim();
  await untilStatus(elsewhere, cwd, name, 'running');
  expect(await elsewhere.cli(['exec', name, 'echo', 'inside'], { cwd })).toMatchObject({ code: 0, stdout: 'inside\n' });

  const file = join(aside, 'package.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"version": "${ownVersion()}"`, '"version": "99.0.0"'));
  cpSync(aside, folder, { recursive: true });
  const touched = await dstack.cli(['exec', name, 'touch', '/workflow/end'], { cwd });
  expect(touched, touched.stderr).toMatchObject({ code: 0 });
  expect(touched.stderr).toContain(`Replacing the daemon of dstack ${ownVersion()} by that of 99.0.0; runs go on`);
  expect(await dstack.json<DaemonStatus>(['daemon', 'status'])).toMatchObject({ version: '99.0.0' });
  expect(await untilStatus(dstack, cwd, name, 'done')).toMatchObject({ exitCode: 0, attempt: 1 });
});
