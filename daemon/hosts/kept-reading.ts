export interface KeptReadingOptions<T> {
  read(): Promise<T>;
  /** milliseconds after which a value is read anew, behind the back of whoever asks */
  staleAfter(): number;
  /** milliseconds after which whoever asks waits for the new one */
  uselessAfter: number;
  now(): number;
  /** a reading that nobody waits for is done */
  onRead?(): void;
}

/**
 * For what is slow to read and asked for often: answers at once with what was read last, where that is not too old, and reads anew meanwhile. One reading at
 * a time; nothing is read unless somebody asks. `fresh` waits for a reading that begins after the question. A failure is not kept.
 */
export function keptReading<T>(options: KeptReadingOptions<T>): (fresh: boolean) => Promise<T> {
  const { read, staleAfter, uselessAfter, now, onRead } = options;
  let kept: { value: T; at: number } | null = null;
  let reading: Promise<T> | null = null;

  const start = (): Promise<T> => {
    const at = now();
    reading = read()
      .then((value) => {
        kept = { value, at };
        return value;
      })
      .finally(() => (reading = null));
    return reading;
  };

  return async (fresh) => {
    if (fresh) {
      await reading?.catch(() => null);
      return reading ?? start();
    }
    const age = kept ? now() - kept.at : Infinity;
    // below zero: the clock was set back
    if (!kept || age < 0 || age >= Math.max(uselessAfter, staleAfter())) return reading ?? start();
    if (age >= staleAfter() && !reading) {
      start().then(
        () => onRead?.(),
        () => null,
      );
    }
    return kept.value;
  };
}
