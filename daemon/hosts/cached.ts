/**
 * Keeps the value of `read` for `forMs`. Those who ask while it is being read get the same one; `fresh` reads anew. A failure is not kept.
 */
export function cached<T>(read: () => Promise<T>, forMs: number, now: () => number): (fresh: boolean) => Promise<T> {
  let kept: { value: T; at: number } | null = null;
  let reading: Promise<T> | null = null;

  return (fresh) => {
    if (reading) return reading;
    const age = kept ? now() - kept.at : Infinity;
    // below zero: the clock was set back
    if (!fresh && kept && age >= 0 && age < forMs) return Promise.resolve(kept.value);
    reading = read()
      .then((value) => {
        kept = { value, at: now() };
        return value;
      })
      .finally(() => (reading = null));
    return reading;
  };
}
