import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runGroup } from '../../../daemon/users/run-group.ts';
import { isAlive } from '../../support/processes.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';

const env = { PATH: process.env['PATH'] };

test('what it printed and how it ended', async () => {
  expect(await runGroup(['sh', ['-c', 'echo out; echo err >&2; exit 3']], { limitMs: 30_000, env })).toEqual({
    late: false,
    code: 3,
    out: 'out\n',
    err: 'err\n',
  });
  await expect(runGroup(['/nonexistent/program', []], { limitMs: 30_000, env })).rejects.toThrow('ENOENT');
});

test('what takes too long goes with all that it started, and nobody waits for it', async () => {
  const file = join(scratchDir('g'), 'pid');
  // the shell waits for a child that holds its output open, as one does that looks at a folder whose server is gone
  const script = 'sh -c \'trap "" TERM; echo $$ >"$1"; while :; do sleep 1000; done\' sh "$1"; echo over';
  expect(await runGroup(['sh', ['-c', script, 'sh', file]], { limitMs: 500, env })).toEqual({ late: true });
  const pid = Number(readFileSync(file, 'utf8'));
  await waitFor(() => !isAlive(pid), 'the child to be gone');
});
