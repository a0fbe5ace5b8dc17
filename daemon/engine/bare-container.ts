import type { ContainerSpec } from './engine.ts';

/** A container that gets nothing of its machine beside its image: what is added says what it is for. */
export const bareContainer = (wanted: Pick<ContainerSpec, 'name' | 'labels' | 'image' | 'entrypoint'>): ContainerSpec => ({
  ...wanted,
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
});
