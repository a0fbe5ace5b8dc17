/** Tells those who watch a run that it changed. They ask for what it is now; nothing is carried along. */
export interface Changes {
  notify(runId: number): void;
  /** returns a function that ends it */
  subscribe(runId: number, listener: () => void): () => void;
  /** called at every change of any run */
  onAny(listener: () => void): void;
}

export function createChanges(): Changes {
  const listeners = new Map<number, Set<() => void>>();
  const ofAny: (() => void)[] = [];
  return {
    notify: (runId) => {
      listeners.get(runId)?.forEach((listener) => listener());
      for (const listener of ofAny) listener();
    },
    onAny: (listener) => void ofAny.push(listener),
    subscribe: (runId, listener) => {
      const set = listeners.get(runId) ?? new Set();
      listeners.set(runId, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(runId);
      };
    },
  };
}
