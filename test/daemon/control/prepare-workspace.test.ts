import { expect, test } from 'vitest';
import type { Attempt } from '../../../daemon/control/attempt.ts';
import type { ControlParts } from '../../../daemon/control/parts.ts';
import { prepareWorkspace } from '../../../daemon/control/steps/prepare-workspace.ts';
import type { Gpu } from '../../../daemon/hosts/host.ts';
import { ok } from '../../../shared/result.ts';

/** The devices that a run without GPUs is prepared to see, on a machine whose nvidia-smi never answers. */
async function devicesWith(known: Partial<Gpu>[]): Promise<unknown> {
  let devices: unknown;
  const parts = {
    snapshots: { prepareWorkspace: async () => ok({ id: '1', mount: { type: 'bind' } }) },
    artifacts: { prepare: async () => ok(undefined), folder: () => '' },
    overlay: { allowed: () => false },
    secretsOf: () => ok({}),
    certificates: async () => null,
    gpus: { of: () => Promise.reject(new Error('it was waited for')), known: async () => known, haveFiles: () => true },
    states: { prepare: async (...args: unknown[]) => (devices = args[3]) },
  } as unknown as ControlParts;
  const spec = { artifacts: [], env: {}, mounts: [], ports: [], start: { kind: 'script', commands: [] }, environment: null };
  const attempt = {
    run: {
      name: 'a-b-1',
      project: 'p',
      projectDir: '/p',
      owner: null,
      spec: { snapshot: { tree: 't' }, deps: [], jobs: [spec], templates: [spec] },
    },
    job: { job: 0, attempt: 1, state: { status: 'preparing', since: 0, host: 'local', gpus: [] }, progress: {} },
    live: { image: null },
    id: '1-0-1',
    container: 'c',
  } as unknown as Attempt;
  const [changed, wake, reschedule] = [() => {}, () => {}, () => {}];
  await prepareWorkspace({ parts, attempt, container: null, changed, wake, reschedule } as unknown as Parameters<
    typeof prepareWorkspace
  >[0]);
  return devices;
}

test('a run without GPUs does not wait for nvidia-smi, and must see none of those that are known', async () => {
  expect(await devicesWith([{ uuid: 'GPU-0', minor: 0 }])).toEqual([]);
  expect(await devicesWith([])).toBeNull();
});
