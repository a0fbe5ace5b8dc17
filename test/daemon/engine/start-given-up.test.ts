/** Who asks the engine to start a container, and dies before the answer: Docker 23 and later give the start up, those before go on with it. */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { testContainers } from '../../support/containers.ts';
import { engineJson } from '../../support/engine-api.ts';
import { waitFor } from '../../support/wait-for.ts';

const containers = testContainers();
afterAll(() => containers.clean());

/** The engine's own words: it runs, or an error stands there. */
async function decided(name: string): Promise<boolean> {
  const { State } = await engineJson<{ State: { Running: boolean; Error: string } }>(
    process.env['DOCKER_HOST']!,
    `/containers/${name}/json`,
  );
  return State.Running || State.Error !== '';
}

test('a container whose start was given up has not run, and can be started', async () => {
  const { engine } = containers;
  const socketPath = process.env['DOCKER_HOST']!.slice('unix://'.length);
  // the instants at which the asker goes away: from before the engine has read the request up to after its answer
  for (const after of [0, 2, 5, 10, 20, 40, 80, 160]) {
    const spec = containers.spec('sleep 1000');
    await engine.create(spec);
    const asked = request({ socketPath, method: 'POST', path: `/containers/${spec.name}/start` });
    asked.on('error', () => {});
    asked.end();
    await delay(after);
    asked.destroy();
    // one that asked too briefly was not heard at all
    await waitFor(() => decided(spec.name), `the engine to start ${spec.name} or to give up`, { seconds: 2 }).catch(() => undefined);
    expect((await engine.inspect(spec.name))?.state.status, `its asker gone after ${after} ms`).toMatch(/^(created|running)$/);
    await engine.start(spec.name);
    expect((await engine.inspect(spec.name))?.state.status).toBe('running');
    await engine.remove(spec.name, true);
  }
});
