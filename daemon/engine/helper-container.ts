import { randomBytes } from 'node:crypto';
import { bareContainer } from './bare-container.ts';
import { labels, type ContainerSpec } from './engine.ts';

/** A short container as root that runs a line of shell (`args` are its $1, $2, …), with the network that runs have. `purpose` goes into its name. */
export const helperContainer = (purpose: string, image: string, script: string, args: string[] = []): ContainerSpec => ({
  ...bareContainer({
    name: `dstack-${purpose}-${randomBytes(6).toString('hex')}`,
    labels: { [labels.kind]: 'helper' },
    image,
    entrypoint: ['/bin/sh', '-c', script, 'sh', ...args],
  }),
  user: '0:0',
});
