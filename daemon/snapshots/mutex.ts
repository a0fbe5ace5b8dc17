/** Runs functions one after the other, in the order of the calls. */
export type Mutex = <T>(work: () => Promise<T>) => Promise<T>;

export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

/** Lets any number of `shared` functions run together, and each `alone` by itself: after those that run, before those that come. */
export interface Gate {
  shared: Mutex;
  alone: Mutex;
}

export function createGate(): Gate {
  const running = new Set<Promise<unknown>>();
  let closed: Promise<unknown> = Promise.resolve();
  const shared: Mutex = (work) => {
    const mine = closed.then(work);
    running.add(mine);
    const leave = () => running.delete(mine);
    mine.then(leave, leave);
    return mine;
  };
  const alone: Mutex = (work) => {
    const before = [closed, ...running];
    const mine = Promise.allSettled(before).then(work);
    closed = mine.catch(() => {});
    return mine;
  };
  return { shared, alone };
}
