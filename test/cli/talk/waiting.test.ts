/** What takes more than half a second says so on a terminal, and leaves nothing behind there; elsewhere nothing is said. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { createRate, transferred } from '../../../shared/rate.ts';
import { project } from '../../support/project.ts';
import { aRun, cliMain, daemonDouble, node, written } from '../support/daemon-double.ts';
import { openPty } from '../support/pty.ts';

test('on a terminal it is said what takes so long, until the answer is there', async () => {
  const answer = Promise.withResolvers<void>();
  await using daemon = await daemonDouble({ gc: () => answer.promise.then(() => []) });
  using pty = openPty(node, [cliMain, 'gc'], { cwd: daemon.home, env: daemon.env });
  await pty.until('a word', (text) => text.includes('freeing what nothing needs'));
  answer.resolve();
  expect(await pty.exit).toBe(0);
  await pty.until('answer, and nothing else', (text) => text === 'There is nothing to free.');
});

test('a pipe gets none of it', async () => {
  const slow = (): Promise<unknown[]> => new Promise((resolve) => setTimeout(() => resolve([]), 900));
  await using daemon = await daemonDouble({ gc: slow });
  expect(await daemon.cli(['gc'])).toEqual({ code: 0, stdout: 'There is nothing to free.\n', stderr: '' });
});

test('a submit says what is being done with the files', async () => {
  const answer = Promise.withResolvers<void>();
  await using daemon = await daemonDouble({
    submit: () => answer.promise.then(() => ({ run: aRun({ status: 'queued' }), warnings: [] })),
    progress: () => ({ doing: 'reading 120,000 files, 2.1 GB' }),
  });
  const cwd = await project({ '.dstack/workflows.yaml': 'workflows: []\n' });
  using pty = openPty(node, [cliMain, 'run', 'train', '-d'], { cwd, env: daemon.env });
  await pty.until('what it is at', (text) => text.includes('reading 120,000 files, 2.1 GB'));
  answer.resolve();
  expect(await pty.exit).toBe(0);
  await pty.until('answer, and nothing else', (text) => text === 'calm-otter-3');
});

test('folders that are saved under a tag: how much of them', async () => {
  const answer = Promise.withResolvers<void>();
  const tag = { tag: 'data', run: 'calm-otter-3', workflow: null, project: 'p', artifacts: ['ds'], createdAt: new Date().toISOString() };
  await using daemon = await daemonDouble({
    tagsAdd: () => answer.promise.then(() => tag),
    progress: () => ({ doing: 'copying 40 MB of 1.2 GB, 130 MB/s' }),
  });
  mkdirSync(join(daemon.home, 'ds'));
  using pty = openPty(node, [cliMain, 'tags', 'add', 'data', '-a', 'ds'], { cwd: daemon.home, env: daemon.env });
  await pty.until('how far it is', (text) => text.includes('copying 40 MB of 1.2 GB, 130 MB/s'));
  answer.resolve();
  expect(await pty.exit).toBe(0);
  await pty.until('answer, and nothing else', (text) => text === 'data is calm-otter-3');
});

test('a download says how much there is, and how much has come', async () => {
  const goOn = Promise.withResolvers<void>();
  await using daemon = await daemonDouble({
    daemonStatus: () => ({}),
    artifactsList: () => [{ artifact: 'out', file: 'a', size: 3_000_000 }],
    artifactsDownload: (_, response) => {
      const tar = pack();
      tar.pipe(response);
      const entry = tar.entry({ name: 'out/a', size: 3_000_000 });
      entry.write(Buffer.alloc(1_000_000));
      void goOn.promise.then(() => {
        entry.end(Buffer.alloc(2_000_000));
        tar.finalize();
      });
      return written;
    },
  });
  using pty = openPty(node, [cliMain, 'artifacts', 'download', 'calm-otter-3', '-o', 'here'], { cwd: daemon.home, env: daemon.env });
  await pty.until('bytes', (text) => /downloading 1(\.\d)? MB of 3 MB.*1 file/.test(text));
  goOn.resolve();
  expect(await pty.exit).toBe(0);
  await pty.until('last word, and nothing else', (text) => text.startsWith('1 file (3 MB) in'));
});

test('a rate is that of the last seconds, and none where it cannot be known', () => {
  const rate = createRate();
  expect([rate(0, 0), rate(1e6, 100)]).toEqual([null, null]);
  expect(rate(2e6, 1000)).toBe(2e6);
  for (let at = 2000; at <= 20_000; at += 1000) rate(2e6 + at * 100, at);
  expect(rate(2e6 + 21_000 * 100, 21_000)).toBeCloseTo(100_000, 0);
  // the next file
  expect(rate(0, 22_000)).toBeNull();
  expect(transferred(40e6, 52e6, 12.3e6)).toBe('40 MB of 52 MB, 12.3 MB/s');
  expect(transferred(40e6, null, null)).toBe('40 MB');
});
