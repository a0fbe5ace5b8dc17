/**
 * Cached environments: images `dstack-environment:<key>` of the engine, whose labels say what they are. The engine is the truth; the store holds when each was
 * used last, and the whole of those that have no image of their own because nothing in the container changed (`facts`).
 */
import type { Environment } from '../../shared/api.ts';
import type { Config } from '../../shared/config.ts';
import { messageOf } from '../../shared/result.ts';
import { EngineError, type Engine } from '../engine/engine.ts';
import type { Logger } from '../logger.ts';
import type { Store } from '../store/store.ts';

export const repository = 'dstack-environment';
/** Whether a reference names images of this kind. They are found by their keys, for runs that may have them: nobody names one. */
export const namesEnvironment = (reference: string): boolean =>
  new RegExp(`^((index\\.)?docker\\.io/)?(library/)?${repository}(:|@|$)`).test(reference);
export const imageOf = (key: string): string => `${repository}:${key}`;

/** Labels of an environment's image, and of the container in which it is built. */
export const environmentLabels = {
  key: 'dstack.environment',
  installation: 'dstack.environment.installation',
  facts: 'dstack.environment.facts',
} as const;

/** What is known of an environment beside its files. */
export interface Facts {
  /** what a run starts from: its own image's id, or that of what it builds upon */
  image: string;
  /** id of what it was made from */
  from: string;
  /** as the workflow names it: `python:3.11` */
  reference: string;
  requirements: string | null;
  /** with the names of secrets, not their values */
  commands: string[];
  createdAt: string;
  /** lines of sh with which a job's shell gets what the set-up left in its own */
  restore: string;
  /** why its commands run again in every job; null: they do not */
  again: string | null;
  /** bytes of what it was made from */
  baseSize: number;
  /** the user of a shared daemon; null: the daemon's own */
  owner: number | null;
}

/** One without an image costs nothing but a line in lists (ms). */
const forgetAfter = 90 * 86_400_000;

export interface EnvironmentParts {
  engine: Engine;
  store: Store;
  installation: string;
  logger: Logger;
  config: Pick<Config, 'environments'>;
  now(): number;
}

export type Environments = ReturnType<typeof createEnvironments>;

export function createEnvironments({ engine, store, installation, logger, config, now }: EnvironmentParts) {
  /** builds under way in this process, by key */
  const building = new Map<string, { run: string; done: Promise<void> }>();

  const find = async (key: string): Promise<Facts | null> => {
    const image = await engine.image(imageOf(key));
    if (image) return { ...factsOf(image.labels), image: image.id };
    const row = store.environments.get(key);
    if (!row) return null;
    const facts = row.facts === null ? null : (JSON.parse(row.facts) as Facts);
    if (facts && (await engine.image(facts.image))) return facts;
    store.environments.remove(key);
    return null;
  };

  /** key → names of unfinished runs that start from it */
  const inUse = (): Map<string, string[]> => {
    const use = new Map<string, string[]>();
    for (const job of store.jobs.open()) {
      const run = store.runs.byId(job.runId);
      if (!run) continue;
      for (const key of job.progress.environments ?? []) use.set(key, [...new Set([...(use.get(key) ?? []), run.name])]);
    }
    return use;
  };

  const images = async (): Promise<{ key: string; id: string; size: number; facts: Facts }[]> =>
    (await engine.images(`${environmentLabels.installation}=${installation}`)).flatMap(({ id, tags, labels: of, size }) => {
      const key = of[environmentLabels.key];
      // what somebody builds upon one has its labels, too
      return key && tags.includes(imageOf(key)) ? [{ key, id, size, facts: factsOf(of) }] : [];
    });

  const list = async (): Promise<(Environment & { owner: number | null })[]> => {
    const own = await images();
    const use = inUse();
    const rows = new Map(store.environments.all().map((row) => [row.key, row]));
    const view = (key: string, facts: Facts, size: number): Environment & { owner: number | null } => ({
      key,
      host: 'local',
      image: facts.reference,
      requirements: facts.requirements,
      commands: facts.commands,
      again: facts.again ?? null,
      size,
      createdAt: facts.createdAt,
      lastUsedAt: new Date(rows.get(key)?.usedAt ?? Date.parse(facts.createdAt)).toISOString(),
      runs: use.get(key) ?? [],
      owner: facts.owner,
    });
    const bare = [...rows.values()].filter((row) => row.facts !== null && !own.some(({ key }) => key === row.key));
    return [
      ...own.map(({ key, facts, size }) => view(key, facts, Math.max(0, size - facts.baseSize))),
      ...bare.map((row) => view(row.key, JSON.parse(row.facts ?? '') as Facts, 0)),
    ].toSorted((a, b) => (a.lastUsedAt < b.lastUsedAt ? 1 : -1));
  };

  /** Why it stays; null: it is gone. */
  const remove = async (key: string): Promise<string | null> => {
    const runs = inUse().get(key);
    if (runs) return `${runs.join(', ')} ${runs.length === 1 ? 'starts' : 'start'} from it`;
    const builder = building.get(key);
    if (builder) return `${builder.run} builds it`;
    const own = await images();
    const id = own.find((one) => one.key === key)?.id;
    const upon = own.find(({ facts }) => facts.from === id);
    if (upon) return `the environment ${upon.key.slice(0, 12)} is built upon it`;
    try {
      if (id !== undefined) await engine.removeImage(imageOf(key));
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'conflict') throw error;
      return `a container needs it: ${messageOf(error)}`;
    }
    store.environments.remove(key);
    return null;
  };

  /** In any order: what another one is built upon goes after that one. */
  const removeAll = async (keys: readonly string[]): Promise<{ removed: string[]; kept: { key: string; why: string }[] }> => {
    const removed: string[] = [];
    for (let left = [...keys], kept: { key: string; why: string }[] = []; ; kept = []) {
      for (const key of left) {
        const why = await remove(key);
        if (why === null) removed.push(key);
        else kept.push({ key, why });
      }
      if (kept.length === left.length || kept.length === 0) return { removed, kept };
      left = kept.map(({ key }) => key);
    }
  };

  /** Removes those that were used least recently until the rest is within the config's limit; what unfinished runs use stays. Bytes and how many. */
  const shrink = async (dryRun = false): Promise<{ bytes: number; items: number }> => {
    const freed = { bytes: 0, items: 0 };
    const all = await list();
    let total = all.reduce((sum, one) => sum + one.size, 0);
    for (let gone = 1; gone > 0 && total > config.environments.maxSize;) {
      gone = 0;
      for (const one of all.filter(({ size }) => size > 0).toReversed()) {
        if (total <= config.environments.maxSize) break;
        // in a dry run nothing goes, and each counts once
        const stays = dryRun ? (one.runs.length > 0 ? 'used' : null) : await remove(one.key).catch((error: unknown) => messageOf(error));
        if (stays !== null) {
          logger.debug({ environment: one.key, stays }, 'the environment stays');
          continue;
        }
        total -= one.size;
        freed.bytes += one.size;
        freed.items++;
        gone++;
        one.size = 0;
      }
    }
    return freed;
  };

  return {
    building,
    find,
    list,
    removeAll,
    shrink,
    /** remembers one that needs no image of its own */
    remember: (key: string, facts: Facts): void => store.environments.put({ key, usedAt: now(), facts: JSON.stringify(facts) }),
    /** makes the image of a container that has ended */
    async commit(container: string, key: string, facts: Omit<Facts, 'image'>): Promise<string> {
      const before = await engine.image(imageOf(key));
      const id = await engine.commit(container, repository, key, {
        [environmentLabels.key]: key,
        [environmentLabels.installation]: installation,
        [environmentLabels.facts]: JSON.stringify({ ...facts, image: '' }),
        'dstack.kind': 'environment',
      });
      // it has lost its name
      if (before && before.id !== id)
        await engine
          .removeImage(before.id)
          .catch((error: unknown) => logger.debug({ image: before.id, error: messageOf(error) }, 'the image stays'));
      return id;
    },
    touch: (keys: readonly string[]): void => {
      for (const key of keys) store.environments.touch(key, now());
    },
    /** forgets what others removed from the engine, and what has no image and was not used for long */
    async tidy(): Promise<void> {
      const own = new Set((await images()).map(({ key }) => key));
      for (const row of store.environments.all()) {
        const gone = row.facts === null ? !own.has(row.key) : row.usedAt < now() - forgetAfter;
        if (gone && !building.has(row.key)) store.environments.remove(row.key);
      }
    },
  };
}

function factsOf(of: Record<string, string>): Facts {
  return JSON.parse(of[environmentLabels.facts] ?? '{}') as Facts;
}
