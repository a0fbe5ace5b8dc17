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

export interface KeptReading<T> {
  /** what was read last, where that is not too old; `fresh` waits for a reading that begins after the question */
  ask(fresh: boolean): Promise<T>;
  /** what was read last, where it needs no reading anew; else waits for that */
  recent(): Promise<T>;
  /** what was read last, however old; null: nothing yet. Waits for nothing */
  known(): T | null;
}

/**
 * For what is slow to read and asked for often: answers at once with what was read last, where that is not too old, and reads anew meanwhile. One reading at
 * a time; nothing is read unless somebody asks. A failure is not kept.
 */
export function keptReading<T>(options: KeptReadingOptions<T>): KeptReading<T> {
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

  // below zero: the clock was set back
  const isOlder = (than: number): boolean => !kept || now() - kept.at >= than || now() < kept.at;
  const refresh = (): void => {
    if (reading || !isOlder(staleAfter())) return;
    start().then(
      () => onRead?.(),
      () => null,
    );
  };

  return {
    async ask(fresh) {
      if (fresh) {
        await reading?.catch(() => null);
        return reading ?? start();
      }
      if (!kept || isOlder(Math.max(uselessAfter, staleAfter()))) return reading ?? start();
      refresh();
      return kept.value;
    },
    recent: async () => (!kept || isOlder(staleAfter()) ? (reading ?? start()) : kept.value),
    known() {
      refresh();
      return kept?.value ?? null;
    },
  };
}
