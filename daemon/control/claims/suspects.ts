/** How long a GPU is kept back that the engine did not give as it was asked to (ms). */
const keptBackFor = 600_000;

/** GPUs in place of which a container got others, or that could not be claimed: whatever is wrong there, the next run shall not run into it as well. */
export interface Suspects {
  add(uuids: readonly string[], run: string): void;
  /** `why`: a phrase that goes on with a GPU's name, `cannot be claimed: …` */
  addFor(uuids: readonly string[], why: string): void;
  /** one sentence for each that is kept back now */
  all(): Map<string, string>;
  /** somebody has looked after them: they are handed out again */
  clear(): void;
}

/** In memory only: a daemon that is started anew gives them another chance. By a clock that is never set. */
export function createSuspects(now: () => number = () => performance.now()): Suspects {
  const known = new Map<string, { why: string; until: number }>();
  const keepBack = (uuids: readonly string[], why: string): void => {
    for (const uuid of uuids) known.set(uuid, { why, until: now() + keptBackFor });
  };
  return {
    add: (uuids, run) => keepBack(uuids, `was not what the container of ${run} got in its place`),
    addFor: keepBack,
    all() {
      for (const [uuid, { until }] of known) if (until <= now()) known.delete(uuid);
      return new Map(
        [...known].map(([uuid, { why, until }]) => [
          uuid,
          `${why}: it is kept back for ${Math.ceil((until - now()) / 60_000)} min, or until \`dstack gpus --fresh\``,
        ]),
      );
    },
    clear: () => known.clear(),
  };
}
