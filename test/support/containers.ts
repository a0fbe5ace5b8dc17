import { randomBytes } from 'node:crypto';
import { createDockerEngine } from '../../daemon/engine/docker.ts';
import type { ContainerSpec, Engine } from '../../daemon/engine/engine.ts';

export const never = new AbortController().signal;

export interface TestContainers {
  engine: Engine;
  installation: string;
  /** a name that nobody else has */
  name(): string;
  spec(script: string, changes?: Partial<ContainerSpec>): ContainerSpec;
  /** creates and starts; returns its name */
  run(script: string, changes?: Partial<ContainerSpec>): Promise<string>;
  /** runs to the end; what it printed and its exit code */
  output(script: string, changes?: Partial<ContainerSpec>): Promise<{ exitCode: number; output: string }>;
  /** removes whatever the test left */
  clean(): Promise<void>;
}

/** An engine as an installation of its own sees it: that of the test run, or the one at `endpoint`. */
export function testContainers(endpoint = process.env['DOCKER_HOST']): TestContainers {
  if (!endpoint) throw new Error('DOCKER_HOST is not set: the test harness starts an engine and sets it');
  const installation = `t${randomBytes(4).toString('hex')}`;
  const engine = createDockerEngine({ endpoint, installation });
  let count = 0;
  const name = (): string => `dstack-${installation}-${count++}`;
  const spec: TestContainers['spec'] = (script, changes = {}) => ({
    name: name(),
    labels: {},
    image: 'dstack-test/tiny:1',
    entrypoint: null,
    command: ['bash', '-c', script],
    env: {},
    workingDir: '/',
    mounts: [],
    tty: true,
    cpu: null,
    memory: null,
    shmSize: null,
    gpus: [],
    ports: [],
    init: true,
    network: 'none',
    ...changes,
  });
  return {
    engine,
    installation,
    name,
    spec,
    async run(script, changes) {
      const wanted = spec(script, changes);
      await engine.create(wanted);
      await engine.start(wanted.name);
      return wanted.name;
    },
    output: (script, changes) => engine.runToEnd(spec(script, { tty: false, ...changes }), 60_000),
    async clean() {
      for (const one of await engine.list(installation)) await engine.remove(one.name, true);
      for (const one of await engine.volumes(installation)) await engine.removeVolume(one.name);
    },
  };
}
