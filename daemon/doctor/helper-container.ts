import { randomBytes } from 'node:crypto';
import { labels } from '../engine/engine.ts';
import type { ContainerSpec } from '../engine/engine.ts';

/** A short container as root that runs a line of shell, with the network that runs have. */
export const helperContainer = (image: string, script: string): ContainerSpec => ({
  name: `dstack-doctor-${randomBytes(6).toString('hex')}`,
  labels: { [labels.kind]: 'helper' },
  image,
  entrypoint: ['/bin/sh', '-c', script],
  command: [],
  env: {},
  workingDir: '/',
  mounts: [],
  tty: false,
  cpu: null,
  memory: null,
  shmSize: null,
  gpus: [],
  ports: [],
  init: false,
  user: '0:0',
});
