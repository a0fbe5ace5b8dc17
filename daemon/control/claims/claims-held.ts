import { FailureError } from '../../../shared/result.ts';
import { bareContainer } from '../../engine/bare-container.ts';
import { labels, type Container, type ContainerSpec, type Engine, type GpuContainer } from '../../engine/engine.ts';
import { createMutex, type Mutex } from '../../snapshots/mutex.ts';
import { claimName, gpusOf, isClaim } from './claim-rules.ts';

/**
 * The claims of this installation as far as this process knows, and how one is made and given back. What is done to the claim on one GPU is done one after
 * the other, so that none is given back by half when it is wanted again.
 */
export function heldClaims(engine: Pick<Engine, 'create' | 'inspect' | 'remove'>, installation: string, user: string) {
  /** GPU → id of the claim */
  const held = new Map<string, string>();
  const locks = new Map<string, Mutex>();
  /** when a GPU was last asked for, counted */
  const asked = new Map<string, number>();
  let count = 0;

  const locked = <T>(uuid: string, work: () => Promise<T>): Promise<T> => {
    const lock = locks.get(uuid) ?? createMutex();
    locks.set(uuid, lock);
    return lock(work);
  };
  const isOurs = (one: Pick<GpuContainer, 'labels'>): boolean => one.labels[labels.installation] === installation;

  return {
    held,
    isOurs,
    /** from now on giving it back for who decided that before is out of date */
    ask: (uuid: string): void => void asked.set(uuid, ++count),
    /** this moment, for `giveBack` */
    moment: (): number => count,

    /** null: it is ours now; else the claim that is in the way. A container that is no claim: FailureError `gpus`. */
    claim: (uuid: string, image: string): Promise<Container | null> =>
      locked(uuid, async () => {
        while (!held.has(uuid)) {
          const made = await engine.create(claimSpec(uuid, image, user));
          const found = made.created ? null : await engine.inspect(made.id);
          if (!made.created && !found) continue; // given back in this moment
          if (found && !isClaim(found)) throw new InTheWay(uuid, found.name);
          if (found && !isOurs(found)) return found;
          held.set(uuid, made.id);
        }
        return null;
      }),

    /** By its id: one that somebody else has meanwhile is another. `before`: only if nobody has asked for it since that moment. */
    giveBack: (uuid: string, before = Infinity): Promise<void> =>
      locked(uuid, async () => {
        const id = held.get(uuid);
        if (id === undefined || (asked.get(uuid) ?? 0) > before) return;
        held.delete(uuid);
        await engine.remove(id, false);
      }),

    /** those of ours among `seen` are known from now on */
    adopt(seen: readonly Pick<GpuContainer, 'id' | 'labels'>[]): void {
      for (const one of seen) if (isClaim(one) && isOurs(one)) for (const uuid of gpusOf(one)) if (!held.has(uuid)) held.set(uuid, one.id);
    },
  };
}

/** A container that is none of dstack's has the name of the claim on a GPU: as long as it is there, nobody can have that one. */
export class InTheWay extends FailureError {
  readonly uuid: string;
  constructor(uuid: string, name: string) {
    super({
      code: 'gpus',
      message: `a container named ${name} that is not dstack's is in the way; remove it with: docker rm -f ${name}`,
      hint: 'What holds GPUs: dstack gpus',
    });
    this.uuid = uuid;
  }
}

/** Never started, so what it would do does not matter; it has no network of its own, no mounts and no GPU. */
const claimSpec = (uuid: string, image: string, user: string): ContainerSpec => ({
  ...bareContainer({
    name: claimName(uuid),
    labels: { [labels.kind]: 'claim', [labels.gpus]: uuid, [labels.user]: user },
    image,
    entrypoint: ['/dstack-never-started'],
  }),
  network: 'none',
});
