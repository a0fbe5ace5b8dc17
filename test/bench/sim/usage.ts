/** What each user has used lately: the sum of GPU-seconds × 2^(−age / 1 day), kept exact between events. */
export interface UsageBook {
  /** the user holds so many GPUs more (or less) from `now` on */
  change(user: string, gpus: number, now: number): void;
  at(now: number): Map<string, number>;
}

const rate = Math.LN2 / 86_400;

export function createUsageBook(): UsageBook {
  const users = new Map<string, { used: number; gpus: number; since: number }>();
  const usedAt = ({ used, gpus, since }: { used: number; gpus: number; since: number }, now: number): number => {
    const decay = Math.exp((-rate * (now - since)) / 1000);
    return used * decay + (gpus * (1 - decay)) / rate;
  };
  return {
    change(user, gpus, now) {
      const before = users.get(user) ?? { used: 0, gpus: 0, since: now };
      users.set(user, { used: usedAt(before, now), gpus: before.gpus + gpus, since: now });
    },
    at: (now) => new Map([...users].map(([user, entry]) => [user, usedAt(entry, now)])),
  };
}
