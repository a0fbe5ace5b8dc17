import { afterEach, beforeEach, expect, test } from 'vitest';
import { width } from '../../../cli/terminal/text.ts';
import { aRun, daemonDouble, type DaemonDouble } from '../support/daemon-double.ts';

let daemon: DaemonDouble;
beforeEach(async () => {
  daemon = await daemonDouble();
  daemon.answers.queue = () => [
    aRun({
      name: 'red-fox-1',
      status: 'queued',
      position: 1,
      user: 'bob',
      reason: 'next in line, waits for 4 more GPUs (held by calm-otter-3)',
      wants: '4 GPUs',
    }),
    aRun({
      name: 'shy-elk-2',
      status: 'queued',
      position: 2,
      priority: -3,
      interruptible: true,
      reason: 'made room for calm-otter-3, attempt 2: number 2 in line, waits for 1 more GPU',
      attempt: 2,
      waitingSince: new Date(Date.now() - 65_000).toISOString(),
      wants: '1 GPU',
    }),
  ];
});
afterEach(() => daemon.close());

test('the waiting runs in their order, and what each waits for', async () => {
  const { code, stdout } = await daemon.cli(['queue']);
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^# +RUN +OWNER +WORKFLOW +WANTS +PRIORITY +WAITS$/);
  expect(lines[1]).toMatch(/^1 +red-fox-1 +bob +train +4 GPUs +0 +3 min 5 s$/);
  expect(lines[2]?.trim()).toBe('waits for 4 more GPUs (held by calm-otter-3)');
  expect(lines[3]).toMatch(/^2 +shy-elk-2 .*1 GPU \(interruptible\) +-3 +1 min 5 s$/);
  expect(lines[4]?.trim()).toBe('made room for calm-otter-3, attempt 2: waits for 1 more GPU');
});

test('it fits a narrow terminal', async () => {
  const { stdout } = await daemon.cli(['queue'], { env: { COLUMNS: '80' } });
  for (const line of stdout.split('\n').filter((text) => !text.startsWith(' '))) expect(width(line)).toBeLessThanOrEqual(80);
});

test('for programs, and when there is nothing', async () => {
  const { stdout } = await daemon.cli(['queue', '--json']);
  expect((JSON.parse(stdout) as { name: string; position: number }[]).map(({ name, position }) => [name, position])).toEqual([
    ['red-fox-1', 1],
    ['shy-elk-2', 2],
  ]);
  daemon.answers.queue = () => [];
  expect(await daemon.cli(['queue'])).toEqual({ code: 0, stdout: '', stderr: 'Nothing waits.\n' });
  expect((await daemon.cli(['queue', '--json'])).stdout).toBe('[]\n');
});
