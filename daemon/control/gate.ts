/**
 * Many may pass at a time, or one alone. Submits pass together: between the taking of a snapshot and the writing of its run nothing may be
 * collected. A collection passes alone: it decides on what it read before.
 */
export interface Gate {
  together<T>(action: () => Promise<T>): Promise<T>;
  alone<T>(action: () => Promise<T>): Promise<T>;
}

export function createGate(): Gate {
  let alone: Promise<unknown> = Promise.resolve();
  const passing = new Set<Promise<unknown>>();
  return {
    async together(action) {
      for (let seen: Promise<unknown> | null = null; seen !== alone;) {
        seen = alone;
        await seen;
      }
      const pass = action();
      const settled = pass.then(
        () => {},
        () => {},
      );
      passing.add(settled);
      void settled.then(() => passing.delete(settled));
      return pass;
    },
    alone(action) {
      const before = [alone, ...passing];
      const pass = Promise.all(before).then(action);
      alone = pass.catch(() => {});
      return pass;
    },
  };
}
