import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runLimited } from '../../../daemon/hosts/run-limited.ts';
import { scratchDir } from '../../support/scratch.ts';

test('what it printed and how it ended', async () => {
  const ended = await runLimited('sh', ['-c', 'echo out; echo err >&2; exit 3'], 30_000);
  expect(ended).toEqual({ kind: 'exited', exitCode: 3, output: 'out\nerr\n' });
});

test('what is not there is missing', async () => {
  expect(await runLimited('/nonexistent/program', [], 30_000)).toEqual({ kind: 'missing' });
});

test('what is there and cannot be run has failed, which is something else', async () => {
  const file = join(scratchDir('limited'), 'program');
  writeFileSync(file, '#!/bin/sh\n', { mode: 0o644 });
  expect(await runLimited(file, [], 30_000)).toEqual({ kind: 'failed', why: 'EACCES' });
});

test('what takes too long is killed', async () => {
  const ended = await runLimited('sh', ['-c', 'exec sleep 1000'], 200);
  expect(ended.kind).toBe('timed_out');
  if (ended.kind === 'timed_out') await ended.gone;
});

test('a child of it that lives on and keeps the output open does not keep us', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'limited-'));
  try {
    const ended = await runLimited('sh', ['-c', `sleep 1000 & echo $! > ${dir}/pid`], 500);
    expect(ended.kind).toBe('timed_out');
    // the program itself is long gone
    if (ended.kind === 'timed_out') await ended.gone;
    process.kill(Number(readFileSync(join(dir, 'pid'), 'utf8')));
  } finally {
    rmSync(dir, { recursive: true });
  }
});
