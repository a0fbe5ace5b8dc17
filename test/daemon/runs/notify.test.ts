/** That the end of a real run is told: by the daemon that saw it, or the next one. */
import { expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { projectWith } from '../../support/project.ts';
import { startDaemon } from '../../support/daemon.ts';
import { waitFor } from '../../support/wait-for.ts';
import { listener } from '../notify/support.ts';
import { untilStatus } from './fixture.ts';

test('a failed run is told once, though the daemon was killed before somebody was there to hear it', async () => {
  let up = false;
  using web = await listener(() => (up ? 200 : 503));
  await using daemon = await startDaemon({ config: { notify: { webhook: `${web.url}/secret`, on: ['failed'] } } });
  const cwd = await projectWith('- {name: good, provider: bash, commands: ["true"]}\n- {name: bad, provider: bash, commands: [exit 3]}');
  expect((await daemon.cli(['run', 'good'], { cwd })).code).toBe(0);
  const { code, stdout: _ } = await daemon.cli(['run', 'bad'], { cwd });
  expect(code).toBe(3);
  await waitFor(() => web.heard.length > 0, 'the webhook to be asked');
  const checks = JSON.parse((await daemon.cli(['doctor', '--json'])).stdout) as { name: string; status: string; message: string }[];
  await daemon.kill();
  up = true;
  const before = web.heard.length;
  await daemon.start();
  await waitFor(() => web.heard.length > before, 'the next daemon to tell it');
  const heard = web.heard.map(({ body }) => JSON.parse(body) as { text: string; run: Run });
  expect(new Set(heard.map(({ run }) => run.workflow))).toEqual(new Set(['bad']));
  expect(heard.at(-1)).toMatchObject({ event: 'run_ended', run: { status: 'failed', exitCode: 3, reason: 'exit code 3' } });
  expect(heard.at(-1)?.text).toMatch(/^\w+-\w+-1 \(bad\) failed after \d+s: exit code 3$/);
  expect(daemon.log()).not.toContain('/secret');
  const told = expect.stringContaining('answered with status 503') as string;
  expect(checks.find(({ name }) => name === 'notify')).toMatchObject({ status: 'warning', message: told });
  const { stdout } = await daemon.cli(['config']);
  expect(stdout).toMatch(/notify:\n\s+- webhook: http:\/\/127\.0\.0\.1:\d+\/…\n\s+on:\n\s+- failed/);
});

test('a stop is an end, too', async () => {
  using web = await listener();
  await using daemon = await startDaemon({ config: { notify: [{ webhook: web.url, on: 'stopped' }] } });
  const cwd = await projectWith('- {name: long, provider: bash, commands: [sleep 600]}');
  const name = (await daemon.cli(['run', 'long', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, name, 'running');
  await daemon.cli(['stop', name, '-y'], { cwd });
  await waitFor(() => web.heard.length === 1, 'it to be told');
  expect(JSON.parse(web.heard[0]!.body)).toMatchObject({ run: { name, status: 'stopped' } });
});
