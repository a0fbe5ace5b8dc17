/** Failures are tried again after a pause that grows, and max_duration warns before it ends a run. */
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { projectWith } from '../../support/project.ts';
import { daemonOfFile, ended, untilStatus } from './fixture.ts';
import { waitFor } from '../../support/wait-for.ts';

const host = daemonOfFile({ config: { retry_delay: '0.4s', warning_period: '2s' } });
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
  expect(pause).toMatch(/attempt \d, after: exit code 7/);
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
  expect((second?.start ?? 0) - (first?.end ?? 0)).toBeGreaterThanOrEqual(400);
  expect((third?.start ?? 0) - (second?.end ?? 0)).toBeGreaterThanOrEqual(800);
  expect((await daemon.cli(['logs', name], { cwd })).stdout).toContain('try 3');
});

test('a signal comes before the end of max_duration, for whoever wants it', async () => {
  const { daemon } = host;
  // a handler of the shell's is not inherited: nothing but builtins of the shell here
  const waiting = ["trap 'echo warned' USR1", 'mkfifo /tmp/f', 'exec 3<>/tmp/f', 'while :; do read -t 0.1 -u 3 || true; done'];
  const cwd = await projectWith(workflow('wants', waiting, '  max_duration: 4s'));
  const { code, stdout, stderr } = await daemon.cli(['run', 'wants'], { cwd, seconds: 60 });
  expect({ code, stdout }).toEqual({ code: 143, stdout: 'warned\n' });
  expect(stderr).toContain('ran longer than its max_duration');
});

test('and hurts nobody else', async () => {
  const { daemon } = host;
  const deaf = ['sh -c "while :; do sleep 0.1; done; echo no" & wait $! || echo the child died'];
  const cwd = await projectWith(workflow('deaf', deaf, '  max_duration: 4s'));
  const { stdout } = await daemon.cli(['run', 'deaf'], { cwd, seconds: 60 });
  expect(stdout).toMatch(/^(Terminated\n)?$/);
  const [run] = await daemon.json<RunDetail[]>(['ps', '-a'], { cwd });
  const took = Date.parse(run?.finishedAt ?? '') - Date.parse(run?.startedAt ?? '');
  expect(took).toBeGreaterThanOrEqual(4000);
});
