import { spawn } from 'node:child_process';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stateFolders } from '../../../daemon/control/state-folder.ts';
import { readUntrusted } from '../../../daemon/control/untrusted-file.ts';
import { must } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

const nothing = { started: false, exitCode: null, exitAt: null, gpusSeen: null };

test('what a job left in its state folder is read only if it is a small file', { timeout: 20_000 }, async () => {
  const dir = scratchDir('s');
  const states = stateFolders(dir);
  const secret = join(scratchDir('e'), 'secret');
  writeFileSync(secret, '7\n');
  const leave = (id: string, make: (file: string) => void): Promise<object> => {
    mkdirSync(join(dir, id));
    for (const name of ['exit', 'gpus-seen']) make(join(dir, id, name));
    return states.read(id);
  };
  expect(await leave('plain', (file) => writeFileSync(file, '3\n'))).toMatchObject({ exitCode: 3, gpusSeen: [3] });
  expect(await leave('links', (file) => symlinkSync(secret, file))).toEqual(nothing);
  expect(await leave('endless', (file) => symlinkSync('/dev/zero', file))).toEqual(nothing);
  expect(await leave('folders', (file) => mkdirSync(file))).toEqual(nothing);
  const huge = await leave('huge', (file) => {
    writeFileSync(file, '');
    truncateSync(file, 2 ** 33);
  });
  expect(huge).toMatchObject({ exitCode: null, gpusSeen: [] });
  // as many as there are threads that read: nobody writes into these pipes
  for (let i = 0; i < 8; i++) mkdirSync(join(dir, `p${i}`));
  for (let i = 0; i < 8; i++)
    await must(
      'mkfifo',
      ['exit', 'gpus-seen'].map((name) => join(dir, `p${i}`, name)),
    );
  const waiting = Array.from({ length: 8 }, (_, i) => states.read(`p${i}`));
  expect(await Promise.all(waiting)).toEqual(Array.from({ length: 8 }, () => nothing));
});

test('a script is put in place of a link, not written through it', async () => {
  const dir = scratchDir('s');
  const states = stateFolders(dir);
  const victim = join(scratchDir('e'), 'victim');
  writeFileSync(victim, 'as it was');
  mkdirSync(join(dir, 'a'));
  for (const name of ['start', 'script', 'gpus', 'verify', 'ca.pem']) symlinkSync(victim, join(dir, 'a', name));
  await states.prepare('a', { commands: ['true'], exports: [] }, 'certificates', [0]);
  expect(readFileSync(victim, 'utf8')).toBe('as it was');
  expect(lstatSync(join(dir, 'a/start'))).toMatchObject({ mode: 0o100755 });
  expect(lstatSync(join(dir, 'a/script'))).toMatchObject({ mode: 0o100755 });
  expect(readFileSync(join(dir, 'a/gpus'), 'utf8')).toBe('0\n');
});

test('what is no file is not even opened: who waits in a pipe goes on waiting', async () => {
  const pipe = join(scratchDir('s'), 'exit');
  await must('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', 'echo hello >"$0"', pipe], { stdio: 'ignore' });
  await waitFor(() => /^\d+ \(sh\) S/.test(readFileSync(`/proc/${writer.pid}/stat`, 'utf8')), 'it to wait');
  expect(await readUntrusted(pipe)).toBeNull();
  expect(await must('cat', [pipe])).toBe('hello\n');
});

test('what says that it was written in a thousand years was written now', async () => {
  const file = join(scratchDir('s'), 'exit');
  writeFileSync(file, '0\n');
  utimesSync(file, 32_503_680_000, 32_503_680_000);
  expect((await readUntrusted(file))?.at).toBeLessThanOrEqual(Date.now());
});
