import { basename, dirname } from 'node:path';
import { FailureError, messageOf } from '../../shared/result.ts';
import { EngineError } from '../engine/engine.ts';
import { helperContainer } from '../engine/helper-container.ts';
import type { ContainerSpec, Engine } from '../engine/engine.ts';
import type { AsRoot, Owner } from './layout.ts';

export interface RootHelperOptions {
  engine: Engine;
  /** local images that may have a shell, the likeliest first */
  images(): Promise<string[]>;
  installation: string;
  /** who `chown` gives things to */
  owner: Owner;
}

/** Large trees on slow disks take their time. */
const timeoutMs = 30 * 60_000;

/**
 * Root's work for a daemon that is not root, by a short container: the engine's containers made those files, so its root can change them. Tries the
 * images in turn (one without a shell is none); throws a FailureError `root_helper`, or the EngineError `unreachable`.
 */
export function createRootHelper({ engine, images, installation, owner }: RootHelperOptions): AsRoot {
  return async (action, path) => {
    // a rootless engine's root is the user who runs it, and other numbers mean other users
    const { uid, gid } = (await engine.info()).rootless ? { uid: 0, gid: 0 } : owner;
    // the parent is mounted, because a mount point itself cannot be deleted
    const script = action === 'chown' ? 'chown -hR -- "$2" "/x/$1"' : 'rm -rf -- "/x/$1"';
    const candidates = [...new Set(await images())];
    let problem = 'there is no local image to do it with';
    for (const image of candidates) {
      const spec: ContainerSpec = {
        ...helperContainer(`${installation}-helper`, image, script, [basename(path), `${uid}:${gid}`]),
        mounts: [{ type: 'bind', source: dirname(path), target: '/x', readOnly: false }],
        network: 'none',
      };
      try {
        const { exitCode, output } = await engine.runToEnd(spec, timeoutMs);
        if (exitCode === 0) return;
        problem = output.trim().split('\n')[0] || `exit code ${exitCode}`;
      } catch (error) {
        if (error instanceof EngineError && error.kind === 'unreachable') throw error;
        problem = messageOf(error);
      }
    }
    const hint = action === 'chown' ? `As root: chown -hR ${owner.uid}:${owner.gid} ${path}` : `As root: rm -rf ${path}`;
    const message = `Cannot ${action} ${path} with a container: ${problem}`;
    throw new FailureError({ code: 'root_helper', message, hint });
  };
}
