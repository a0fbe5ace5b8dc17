/** When something has changed for the last time, for now. Times in ms. */
export interface Debounce {
  /** something changes */
  touch(): void;
  /** is under way: no further call meanwhile. Resolves when it is done, with all that came in between */
  settled(): Promise<void>;
  end(): void;
}

/** A save is a few system calls: what is quiet for so long is over. */
const quiet = 15;
/** Somebody who writes all the time is not waited for longer. */
const longest = 1_000;
/** A branch of a hundred thousand files takes seconds; beyond this nobody is waited for. */
const mostPatience = 10_000;
/** How often it is asked again whether something goes on. */
const again = 25;

/**
 * Calls `act` once after changes that follow each other closely; `busy`: there is more to come (a branch is being switched), for as long as one may wait at all. `seenAt`: ms since 1970, of the
 * first of them. No timer runs while nothing changes.
 */
export function createDebounce(act: (seenAt: number) => Promise<void>, busy: (waited: number) => boolean): Debounce {
  let timer: NodeJS.Timeout | null = null;
  let first: number | null = null;
  let acting: Promise<void> | null = null;
  let ended = false;

  const arm = (wait: number): void => {
    if (ended || acting) return;
    if (timer) clearTimeout(timer);
    timer = setTimeout(fire, wait);
  };
  const fire = (): void => {
    timer = null;
    if (first === null) return;
    const waited = Date.now() - first;
    if (waited < mostPatience && busy(waited)) return arm(again);
    const seenAt = first;
    first = null;
    acting = act(seenAt).finally(() => {
      acting = null;
      if (first !== null) arm(quiet);
    });
  };

  return {
    touch() {
      first ??= Date.now();
      const left = first + longest - Date.now();
      arm(Math.max(0, Math.min(quiet, left)));
    },
    async settled() {
      while (acting) await acting;
    },
    end() {
      ended = true;
      if (timer) clearTimeout(timer);
    },
  };
}
