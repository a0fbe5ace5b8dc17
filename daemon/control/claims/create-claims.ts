import { messageOf } from '../../../shared/result.ts';
import type { Engine, GpuContainer } from '../../engine/engine.ts';
import type { Logger } from '../../logger.ts';
import { claimName, claimOn, gpusOf, heldByOthers, holderOf, idleClaims, isClaim, phraseOf, rivalOf, type Idle } from './claim-rules.ts';
import type { Claims, Lost } from './claims.ts';
import { heldClaims } from './claims-held.ts';

/** How old a picture of the engine may be for what is not decided on it (ms). */
const pictureFor = 100;
/** How often it is looked whether claims of ours are still there (ms). */
const remakeEvery = 1_000;

export interface ClaimsOptions {
  engine: Pick<Engine, 'create' | 'inspect' | 'remove' | 'gpuContainers'>;
  installation: string;
  /** whose daemon this is */
  user: string;
  /** seconds after which a claim of another daemon without a container is cleared */
  claimTimeout(): number;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** ms of a clock that nobody sets; for tests */
  now?(): number;
}

export function createClaims({ engine, installation, user, claimTimeout, logger, now = () => performance.now() }: ClaimsOptions): Claims {
  const { held, isOurs, claim, giveBack, adopt, ask, moment } = heldClaims(engine, installation, user);
  let idle: Idle = new Map();
  let abandoned: GpuContainer[] = [];
  let picture: { at: number; seen: Promise<GpuContainer[]> } | null = null;
  let remadeAt = -Infinity;

  const look = (): Promise<GpuContainer[]> => {
    const seen = engine.gpuContainers().then((list) => {
      ({ idle, abandoned } = idleClaims(idle, list, { installation, now: now(), timeout: claimTimeout() * 1000 }));
      return list;
    });
    picture = { at: now(), seen };
    return seen;
  };
  const recent = (): Promise<GpuContainer[]> => (picture && now() - picture.at < pictureFor ? picture.seen : look());

  /** By their ids: one that was given back and made anew meanwhile is another. Answers the ids. */
  const clearAbandoned = async (): Promise<string[]> => {
    const gone = abandoned;
    abandoned = [];
    for (const one of gone) {
      logger.warn({ claim: one.name, of: holderOf(one) }, 'a claim without a container, left by another daemon, is cleared');
      await engine.remove(one.id, false);
    }
    return gone.map((one) => one.id);
  };

  /** null: it is ours now. */
  const claimOrLose = async (uuid: string, image: string): Promise<Lost | null> => {
    for (;;) {
      const other = await claim(uuid, image);
      if (!other) return null;
      const seen = await look();
      if ((await clearAbandoned()).includes(other.id)) continue;
      return { ok: false, uuid, holder: phraseOf(heldByOthers(seen, installation).get(uuid) ?? holderOf(other)) };
    }
  };

  const giveBackAll = async (gpus: readonly string[], before?: number): Promise<void> => {
    await Promise.all(gpus.map((uuid) => giveBack(uuid, before)));
  };

  const remake = async (needed: ReadonlySet<string>): Promise<void> => {
    const known = new Map(held);
    const seen = await look();
    adopt(seen);
    for (const uuid of needed) {
      if (claimOn(seen, uuid)) continue;
      if (held.get(uuid) === known.get(uuid)) held.delete(uuid);
      const job = seen.find((one) => !isClaim(one) && isOurs(one) && one.live && gpusOf(one).includes(uuid));
      if (job) await claim(uuid, job.imageId);
    }
  };

  return {
    adopt,

    async take(gpus, image) {
      // in order: of those who want several that overlap, one gets all of its own
      const wanted = gpus.toSorted();
      for (const uuid of wanted) ask(uuid);
      for (const uuid of wanted) {
        const lost = await claimOrLose(uuid, image);
        if (!lost) continue;
        await giveBackAll(wanted);
        return lost;
      }
      return { ok: true };
    },

    async confirm(gpus, id) {
      const seen = await look();
      adopt(seen);
      const own = seen.find((one) => one.id === id);
      if (!own) return { ok: true };
      const rival = rivalOf(seen, gpus, id);
      if (rival) {
        const { container, uuid } = rival;
        if (isOurs(container)) return { ok: false, uuid, holder: `the container ${container.name} of this daemon`, ours: true };
        await giveBackAll(gpus);
        return { ok: false, uuid, holder: phraseOf(holderOf(container)), ours: false };
      }
      // one that somebody deleted is made again: whether we may start does not hang on it, whether others wait for us does
      for (const uuid of gpus) {
        const there = claimOn(seen, uuid);
        if (there && isClaim(there) && isOurs(there)) continue;
        held.delete(uuid);
        const lost = await claimOrLose(uuid, own.imageId);
        if (!lost) continue;
        await giveBackAll(gpus);
        return { ...lost, ours: false };
      }
      return { ok: true };
    },

    async reconcile(needed) {
      const before = moment();
      const unneeded = (): string[] => [...held.keys()].filter((uuid) => !needed.has(uuid));
      try {
        await giveBackAll(unneeded(), before);
        if (needed.size === 0 || now() - remadeAt < remakeEvery) return;
        remadeAt = now();
        await remake(needed);
        await giveBackAll(unneeded(), before);
      } catch (error) {
        logger.info({ error: messageOf(error) }, 'the claims on GPUs are seen to later');
      }
    },

    async others() {
      const seen = await recent();
      const cleared = await clearAbandoned();
      return heldByOthers(
        seen.filter((one) => !cleared.includes(one.id)),
        installation,
      );
    },

    containers: async () => new Set((await recent()).flatMap((one) => (!isClaim(one) && one.live ? [one.id] : []))),

    removed(name) {
      const uuid = [...held.keys()].find((each) => claimName(each) === name);
      if (uuid === undefined) return false;
      held.delete(uuid);
      remadeAt = -Infinity;
      return true;
    },
  };
}
