import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { processesNaming } from './processes.ts';
import { testDirVariable } from './reap.ts';
import { waitFor } from './wait-for.ts';

/** A test run in miniature: an engine with a container, a small disk, and a process that outlives its parent. */
const run = `
  import { spawn } from 'node:child_process';
  import { must } from '${join(import.meta.dirname, 'command.ts')}';
  import { startEngine } from '${join(import.meta.dirname, 'engine.ts')}';
  import { openScratch } from '${join(import.meta.dirname, 'scratch.ts')}';
  import { smallDisk } from '${join(import.meta.dirname, 'small-disk.ts')}';
  import { tinyImage } from '${join(import.meta.dirname, 'tiny-image.ts')}';
  const { dir } = openScratch();
  const engine = await startEngine();
  await must('docker', ['-H', engine.host, 'run', '-d', tinyImage, 'sleep', '1000']);
  await smallDisk(2 ** 24, 'tmpfs');
  const sleep = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  console.log(JSON.stringify({ dir, sleep: sleep.pid }));
  setInterval(() => {}, 1000);
`;

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('nothing is left of a test run that ended by %s', async (how) => {
  const { [testDirVariable]: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', run], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const { dir, sleep } = JSON.parse(line) as { dir: string; sleep: number };
  expect(existsSync(`/proc/${sleep}`)).toBe(true);
  expect(processesNaming(dir).length).toBeGreaterThan(2);

  child.kill(how);
  await waitFor(() => !existsSync(dir), `${dir} to be removed`);
  expect(processesNaming(dir)).toEqual([]);
  await waitFor(
    () => !existsSync(`/proc/${sleep}`) || readFileSync(`/proc/${sleep}/stat`, 'utf8').includes(') Z '),
    'the process it started to end',
  );
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(dir);
});
