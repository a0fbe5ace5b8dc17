import { randomBytes } from 'node:crypto';
import { bareContainer } from '../engine/bare-container.ts';
import { EngineError, labels, type ContainerSpec, type Engine } from '../engine/engine.ts';

/** An image that hangs at this is none that has it (ms). */
const patience = 30_000;

/**
 * Looks in images (by id) for a VS Code server, once in each: what an image holds never changes. A login shell's PATH counts, as it does for jobs. An image that
 * cannot be looked into (it has no shell, or hangs) has none. Throws EngineError where that says nothing of the image: the engine is away, or its disk full.
 */
export function ownServerFinder(engine: Pick<Engine, 'runToEnd'>): (image: string) => Promise<boolean> {
  const known = new Map<string, boolean>();
  return async (image) => {
    const before = known.get(image);
    if (before !== undefined) return before;
    const script =
      'command -v openvscode-server || command -v code-server || sh -lc "command -v openvscode-server || command -v code-server"';
    const spec: ContainerSpec = {
      ...bareContainer({
        name: `dstack-look-${randomBytes(6).toString('hex')}`,
        labels: { [labels.kind]: 'helper' },
        image,
        entrypoint: ['/bin/sh', '-c', script],
      }),
      network: 'none',
    };
    try {
      const { exitCode } = await engine.runToEnd(spec, patience);
      known.set(image, exitCode === 0);
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind === 'unreachable' || error.kind === 'no_space') throw error;
      // what hung, or was removed, may do better the next time
      if (/\/bin\/sh\b/.test(error.message)) known.set(image, false);
    }
    return known.get(image) ?? false;
  };
}
