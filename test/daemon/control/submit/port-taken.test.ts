import { expect, test } from 'vitest';
import type { Attempt } from '../../../../daemon/control/attempt.ts';
import { freshLive } from '../../../../daemon/control/attempt.ts';
import type { ControlParts } from '../../../../daemon/control/parts.ts';
import { portIn, portTaken, saysPortTaken } from '../../../../daemon/control/steps/port-taken.ts';
import { freshProgress } from '../../../../daemon/store/records.ts';

// as engines of these versions said it
test.each([
  [
    '20.10, a container has it',
    'driver failed programming external connectivity on endpoint x (9e2): Bind for 127.0.0.1:3456 failed: port is already allocated',
  ],
  [
    '20.10, a program has it',
    'driver failed programming external connectivity on endpoint x (9e2): Error starting userland proxy: listen tcp4 127.0.0.1:3456: bind: address already in use',
  ],
  [
    '28, a program has it',
    'failed to set up container networking: driver failed programming external connectivity on endpoint x (9e2): failed to bind host port for 127.0.0.1:3456:172.17.0.2:80/tcp: address already in use',
  ],
  [
    '28, a container has it',
    'failed to set up container networking: driver failed programming external connectivity on endpoint x (9e2): Bind for 127.0.0.1:3456 failed: port is already allocated',
  ],
])('%s', (_, said) => {
  expect(saysPortTaken(said)).toBe(true);
  expect(portIn(said)).toBe(3456);
});

test('other sentences are none', () => {
  expect(saysPortTaken('OCI runtime create failed: exec: "x": executable file not found in $PATH')).toBe(false);
  expect(portIn('network 127.0.0.1:80 is down')).toBeNull();
});

test('a port that the engine chose is chosen anew, with another container, but not forever', async () => {
  const removed: string[] = [];
  const parts = {
    engine: { remove: async (name: string) => void removed.push(name) },
    store: { jobs: { update: () => {}, open: () => [] } },
    logger: { info: () => {} },
    now: () => 1,
  } as unknown as ControlParts;
  const job = { job: 0, progress: { ...freshProgress(), startIntent: 1 } };
  const run = { id: 1, name: 'red-fox-1', spec: { jobs: [{ ports: [{ container: 80, host: null }] }] } };
  const attempt = { run, job, live: freshLive(), id: '1-0-1', container: 'c' } as unknown as Attempt;
  const said = 'Bind for 127.0.0.1:32768 failed: port is already allocated';
  await portTaken(parts, attempt, said);
  expect([removed, job.progress.startIntent, job.progress.end]).toEqual([['c'], null, null]);
  for (let i = 0; i < 10; i++) await portTaken(parts, attempt, said);
  expect(removed).toHaveLength(10);
  expect(job.progress.end?.problem).toEqual({ code: 'start', message: `cannot start the container: ${said}` });
});
