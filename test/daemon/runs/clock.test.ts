/** Somebody sets the clock of the machine while runs are under way: nothing ends early, nothing hangs, nobody is forgotten. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { startDaemon } from '../../support/daemon.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

const day = 86_400_000;
const workflow = (name: string, commands: string[], more: string): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((line) => `    - ${JSON.stringify(line)}`), more].join('\n');

test.each([
  ['a day ahead', day],
  ['a day back', -day],
])('the clock is set %s', async (_, jump) => {
  const clock = join(scratchDir('c'), 'offset');
  const marks = scratchDir('m');
  writeFileSync(clock, '0');
  const loader = `--import ${join(import.meta.dirname, '../../support/moved-clock.mjs')}`;
  await using daemon = await startDaemon({
    env: { CLOCK_OFFSET_FILE: clock, NODE_OPTIONS: loader },
    config: { mount_roots: ['/tmp'], mounts: [`${marks}:/marks`], retry_delay: '2s', grace_period: '30s' },
  });
  const all = availableParallelism();
  const cwd = await projectWith(
    [
      workflow('limited', ['until [ -e /marks/go ]; do sleep 0.1; done; echo over'], `  max_duration: 1h\n  resources: {cpu: ${all}}`),
      workflow('next', ['echo next'], `  resources: {cpu: ${all}}`),
      workflow('flaky', ['echo x >>/marks/tries', '[ $(wc -l </marks/tries) -ge 2 ]'], '  retry: 1'),
      workflow('polite', ["trap 'echo heard; sleep 1; echo saved; exit 0' TERM", 'echo up >/marks/up', 'while :; do sleep 0.1; done'], ''),
    ].join('\n'),
  );
  const run = async (name: string): Promise<string> => (await daemon.cli(['run', name, '-d'], { cwd })).stdout.trim();
  const detail = (name: string): Promise<RunDetail> => daemon.json<RunDetail>(['ps', name], { cwd });
  const limited = await run('limited');
  await untilStatus(daemon, cwd, limited, 'running');
  const next = await run('next');
  const polite = await run('polite');
  await waitFor(() => readFileSync(join(marks, 'up')) && true, 'the polite one to be up');
  const flaky = await run('flaky');
  await waitFor(async () => (await detail(flaky)).reason?.includes('again at'), 'the pause of the retry');

  writeFileSync(clock, String(jump));

  const later = await detail(await run('next'));
  expect(Math.abs(Date.parse(later.submittedAt) - Date.now() - jump), 'the daemon goes by the clock that was set').toBeLessThan(3_600_000);
  // its max_duration of an hour is not over because the clock says so
  await untilStatus(daemon, cwd, flaky, 'done');
  expect(await detail(limited)).toMatchObject({ status: 'running' });
  // the grace period is given in full, and no more than that is waited for
  await daemon.cli(['stop', polite, '-y'], { cwd });
  await untilStatus(daemon, cwd, polite, 'stopped');
  expect((await daemon.cli(['logs', polite], { cwd })).stdout).toContain('saved');
  writeFileSync(join(marks, 'go'), '');
  expect(await untilStatus(daemon, cwd, limited, ...ended)).toMatchObject({ status: 'done' });
  await untilStatus(daemon, cwd, next, 'done');
  await untilNothingIsLeft(daemon);
});
