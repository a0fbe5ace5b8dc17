/** Runs that need the whole machine go one after the other, each as soon as the one before it is put away. */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile } from './fixture.ts';

const host = daemonOfFile();

test('a waiting run starts when the one before it has gone, not at the next look around', async () => {
  const cwd = await projectWith(`- name: w\n  provider: bash\n  commands: ["true"]\n  resources: {cpu: ${availableParallelism()}}`);
  const names: string[] = [];
  for (let i = 0; i < 4; i++) names.push((await host.daemon.cli(['run', 'w', '-d'], { cwd })).stdout.trim());
  for (const name of names) {
    const isDone = async () => (await host.daemon.json<Run>(['ps', name], { cwd })).status === 'done';
    // everything is looked at again every 30 seconds: three changes within 10 seconds each cannot come from that
    await waitFor(isDone, `${name} to be done`, { seconds: 10 });
  }
  expect(await host.daemon.json<Run[]>(['ps', '-a'], { cwd })).toHaveLength(4);
});
