/** Failures are tried again after a pause that grows, and max_duration warns before it ends a run. */
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { projectWith } from '../../support/project.ts';
import { daemonOfFile, ended, untilStatus } from './fixture.ts';
import { waitFor } from '../../support/wait-for.ts';

const host = daemonOfFile({ config: { retry_delay: '1s', warning_period: '2s' } });
const workflow = (name: string, commands: string[], more: string): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((line) => `    - ${JSON.stringify(line)}`), more].join('\n');

test('a failure is tried again, later each time, as often as retry says', async () => {
  const { daemon } = host;
  const cwd = await projectWith(workflow('flaky', ['echo try $RUN_ATTEMPT', 'exit 7'], '  retry: 2'));
  const name = (await daemon.cli(['run', 'flaky', '-d'], { cwd })).stdout.trim();
  const pause = await waitFor(async () => {
    const { reason } = await daemon.json<RunDetail>(['ps', name], { cwd });
    return reason?.includes('again at') ? reason : null;
  }, 'the pause to be said');
  expect(pause).toMatch(/^failed \(exit code 7\), attempt [23](: | tries)/);
  // that of the one that failed, not nothing
  expect((await daemon.cli(['logs', name], { cwd })).stdout).toMatch(/^try \d\n$/);
  await untilStatus(daemon, cwd, name, ...ended);
  const story = await daemon.json<RunDetail>(['ps', name], { cwd });
  expect(story).toMatchObject({ status: 'failed', exitCode: 7, attempt: 3 });
  expect(story.attempts.map(({ status, exitCode }) => [status, exitCode])).toEqual([
    ['interrupted', 7],
    ['interrupted', 7],
    ['failed', 7],
  ]);
  const [first, second, third] = story.attempts.map(({ startedAt, finishedAt }) => ({
    start: Date.parse(startedAt ?? ''),
    end: Date.parse(finishedAt ?? ''),
  }));
  expect((second?.start ?? 0) - (first?.end ?? 0)).toBeGreaterThanOrEqual(1000);
  expect((third?.start ?? 0) - (second?.end ?? 0)).toBeGreaterThanOrEqual(2000);
  const log = async (...more: string[]): Promise<string> => (await daemon.cli(['logs', name, ...more], { cwd })).stdout;
  expect([await log(), await log('--attempt', '1'), await log('--attempt', '2', '-f')]).toEqual(['try 3\n', 'try 1\n', 'try 2\ntry 3\n']);
  expect(await daemon.cli(['logs', name, '--attempt', '4'], { cwd })).toMatchObject({
    code: 1,
    stderr: `The run '${name}' has no attempt 4\nIt has had 3 attempts\n`,
  });
});

test('a signal comes before the end of max_duration, for whoever has a handler, and hurts nobody else', async () => {
  const { daemon } = host;
  const child = "trap 'echo child saves' USR1; while :; do sleep 0.1; done";
  const cwd = await projectWith(
    workflow(
      'long',
      [
        "trap 'echo script saves' USR1",
        `bash -c "${child}" &`,
        'sh -c "while :; do sleep 0.1; done; echo no" & deaf=$!',
        // bash catches what would end it when it has something to do at its end
        `bash -c "trap : EXIT; while :; do sleep 0.1; done" & tidy=$!`,
        // the short-lived children of the shell have no handler either
        'while :; do sleep 0.1; [ -d /proc/$deaf ] && read -r _ _ state _ </proc/$deaf/stat && [ $state != Z ] || echo the deaf one died; [ -d /proc/$tidy ] && read -r _ _ state _ </proc/$tidy/stat && [ $state != Z ] || echo the tidy one died; done',
      ],
      '  max_duration: 5s',
    ),
  );
  const { code, stdout, stderr } = await daemon.cli(['run', 'long'], { cwd, seconds: 60 });
  expect(code).toBe(143);
  expect(
    stdout
      .replace(/Terminated\n/g, '')
      .split('\n')
      .filter(Boolean)
      .toSorted(),
  ).toEqual(['child saves', 'script saves']);
  expect(stderr).toContain('ran longer than its max_duration');
});

test('a script that waits for its children goes on waiting', async () => {
  const { daemon } = host;
  // a signal with a trap ends `wait`, and with that the script
  const cwd = await projectWith(workflow('waits', ['sleep 3 &', 'wait $!', 'echo waited'], '  max_duration: 4s'));
  expect(await daemon.cli(['run', 'waits'], { cwd, seconds: 60 })).toMatchObject({ code: 0, stdout: 'waited\n' });
});
