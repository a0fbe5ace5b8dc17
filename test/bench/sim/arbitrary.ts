/** Random small pools and loads for the property tests. */
import fc from 'fast-check';
import type { HostState } from '../../../daemon/scheduler/model.ts';
import type { Scenario, Task } from './model.ts';
import { emptyRooms, fits } from './rooms.ts';

const models = [
  { name: 'NVIDIA A100', memory: 80e9 },
  { name: 'NVIDIA T4', memory: 16e9 },
];

const host = fc.record({ model: fc.constantFrom(...models), gpus: fc.nat(4), cpus: fc.integer({ min: 1, max: 8 }) });

const pool = fc.array(host, { minLength: 1, maxLength: 4, size: 'max' }).map((hosts) =>
  hosts.map(({ model, gpus, cpus }, index): HostState => ({
    name: `host-${index}`,
    cpus,
    memory: cpus * 4,
    gpus: Array.from({ length: gpus }, (_, gpu) => ({ uuid: `${index}/${gpu}`, ...model, busy: null, never: false })),
    blocked: null,
  })),
);

const request = fc.record({
  cpu: fc.option(fc.integer({ min: 1, max: 4 })),
  memory: fc.option(fc.integer({ min: 1, max: 16 })),
  gpu: fc.option(
    fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      name: fc.constantFrom(null, null, 'a100', 't4'),
      memory: fc.constantFrom(null, null, 40e9),
    }),
    { freq: 6 },
  ),
});

const second = 1000;

/** `plain`: one user, one class, nothing interruptible, so that the order is that of arrival. */
const task = (plain: boolean) =>
  fc
    .record({
      user: plain ? fc.constant('one') : fc.constantFrom('one', 'two', 'three'),
      priority: plain ? fc.constant(0) : fc.nat(1),
      interruptible: plain ? fc.constant(false) : fc.boolean(),
      arrives: fc.nat(60),
      runs: fc.integer({ min: 1, max: 40 }),
      over: fc.option(fc.integer({ min: 0, max: 60 }), { freq: 3 }),
      nodes: fc.constantFrom(1, 1, 1, 1, 2, 3),
      request,
    })
    .map(({ arrives, runs, over, nodes, request: asked, ...rest }): Omit<Task, 'id'> => ({
      ...rest,
      arrives: arrives * second,
      runs: runs * second,
      bound: over === null ? null : (runs + over) * second,
      jobs: Array.from({ length: nodes }, (_, index) => ({ id: String(index), ...asked })),
    }));

/** Every run could start if the pool were empty. */
export const scenario = (plain: boolean): fc.Arbitrary<Scenario> =>
  fc.tuple(pool, fc.array(task(plain), { minLength: 1, maxLength: 20, size: 'max' })).map(([hosts, drawn]) => {
    const ordered = drawn
      .toSorted((a, b) => a.arrives - b.arrives)
      .map((entry, index) => ({ ...entry, id: `run-${String(index).padStart(2, '0')}` }));
    return { title: '', hosts, notes: [], tasks: ordered.filter((entry) => fits(emptyRooms(hosts), entry)) };
  });
