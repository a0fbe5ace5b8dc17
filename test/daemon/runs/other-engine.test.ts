import { expect, test } from 'vitest';
import { startDaemon } from '../../support/daemon.ts';
import { startEngine } from '../../support/engine.ts';
import { projectWith } from '../../support/project.ts';
import { ended, untilStatus } from './fixture.ts';

test('a daemon started for another engine does not take running containers for lost', async () => {
  await using other = await startEngine();
  await using daemon = await startDaemon();
  const cwd = await projectWith("- name: w\n  provider: bash\n  commands: ['while [ ! -e o/go ]; do sleep 0.1; done']\n  artifacts: [o]");
  const name = (await daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, name, 'running');
  await daemon.stop();
  const { code, stderr } = await daemon.cli(['ps'], { cwd, env: { DOCKER_HOST: other.host } });
  expect(code).toBe(1);
  expect(stderr).toContain(`are under way on the container engine at ${daemon.engine}`);
  await daemon.start();
  await untilStatus(daemon, cwd, name, 'running');
  await daemon.cli(['stop', name, '-x', '-y'], { cwd });
  expect((await untilStatus(daemon, cwd, name, ...ended)).status).toBe('aborted');
});
