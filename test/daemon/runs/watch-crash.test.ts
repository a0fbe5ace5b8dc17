/**
 * The daemon is killed with SIGKILL before and after every step of a watch; a new one takes over. Each attempt sees exactly its files and runs once, none is lost,
 * and nothing is left in the end. What a watch has in common with other runs, crash.test.ts has.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { StepName } from '../../../daemon/control/plan.ts';
import { startDaemon } from '../../support/daemon.ts';
import { isAlive } from '../../support/processes.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilNothingIsLeft, untilStatus } from './fixture.ts';
import { detail, printed, startWatch, untilAttempt, workflow } from './watch-fixture.ts';

/** Listens to nobody, in its first attempt, so that it has to be killed. */
const deaf = `[ $RUN_ATTEMPT -ne 1 ] || { trap '' TERM; while :; do sleep 0.1; done; }`;
/** Brings the watch to the step in its second attempt: `warm` in the same container. */
const steps: { step: StepName; warm: boolean }[] = [
  { step: 'noteRerun', warm: true },
  { step: 'endRerun', warm: true },
  { step: 'killRerun', warm: true },
  { step: 'beginRerun', warm: true },
  { step: 'retire', warm: false },
  { step: 'takeRerun', warm: false },
  { step: 'finish', warm: false },
];

describe.each(steps)('killed at $step', ({ step, warm }) => {
  test.concurrent.each(['before', 'after'] as const)('%s it', async (when) => {
    await using daemon = await startDaemon({ config: { grace_period: '1s' } });
    const file = (a: string) =>
      workflow(['echo "$A $(cat a)"', 'echo left >left; echo $(cat left) >>out/all', deaf], `  env: [A=${a}]\n  artifacts: [out]\n`);
    const cwd = await projectWith(file('x'), { a: 'one' });
    const name = await startWatch(daemon, cwd);
    await untilAttempt(daemon, cwd, name, 1, 'running');
    await daemon.kill();
    daemon.env['DSTACK_FAULT'] = `${when}:${step}`;
    // it may die before it has answered once
    await daemon.start().catch(() => undefined);
    delete daemon.env['DSTACK_FAULT'];
    const { pid } = daemon;
    // a daemon that comes back looks at the project too: whichever sees it
    writeFileSync(join(cwd, 'a'), 'two');
    if (!warm) writeFileSync(join(cwd, '.dstack/workflows.yaml'), `workflows:\n  ${file('y').replaceAll('\n', '\n  ')}\n`);
    await waitFor(() => !isAlive(pid), 'the daemon to die of its fault', { seconds: 60 });
    await daemon.kill();
    await daemon.start();
    const run = await waitFor(async () => {
      const now = await detail(daemon, cwd, name);
      const { watch } = now;
      if (watch?.phase !== 'ended' || watch.attempt === 1) return null;
      return (await printed(daemon, cwd, name, watch.attempt)) === `${warm ? 'x' : 'y'} two\n` ? now : null;
    }, 'an attempt with the changed files');
    expect(run.attempts[0]).toMatchObject({ how: 'changed' });
    expect(run.attempts.at(-1)).toMatchObject({ how: 'itself', exitCode: 0 });
    expect(await printed(daemon, cwd, name, 1)).toMatch(/^x one\n/);
    await daemon.cli(['stop', name, '-y'], { cwd });
    expect(await untilStatus(daemon, cwd, name, 'stopped')).toMatchObject({ exitCode: 0 });
    const out = await projectWith('');
    await daemon.cli(['artifacts', 'download', name, '-o', out], { cwd });
    const { readFileSync } = await import('node:fs');
    // one line of each attempt that ran
    expect(readFileSync(join(out, 'out/all'), 'utf8')).toBe('left\n'.repeat(run.attempts.filter((one) => one.startedAt !== null).length));
    await untilNothingIsLeft(daemon);
  });
});
