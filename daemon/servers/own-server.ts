import { randomBytes } from 'node:crypto';
import { bareContainer } from '../engine/bare-container.ts';
import { labels, type Engine } from '../engine/engine.ts';

/** An image that hangs at this is none that has it (ms). */
const patience = 30_000;

/** Looks in images (by id) for a VS Code server, once in each: what an image holds never changes. A login shell's PATH counts, as it does for jobs. */
export function ownServerFinder(engine: Pick<Engine, 'runToEnd'>): (image: string) => Promise<boolean> {
  const known = new Map<string, boolean>();
  return async (image) => {
    const before = known.get(image);
    if (before !== undefined) return before;
    const script =
      'command -v openvscode-server || command -v code-server || sh -lc "command -v openvscode-server || command -v code-server"';
    const { exitCode } = await engine.runToEnd(
      {
        ...bareContainer({
          name: `dstack-look-${randomBytes(6).toString('hex')}`,
          labels: { [labels.kind]: 'helper' },
          image,
          entrypoint: ['/bin/sh', '-c', script],
        }),
        network: 'none',
      },
      patience,
    );
    known.set(image, exitCode === 0);
    return exitCode === 0;
  };
}
