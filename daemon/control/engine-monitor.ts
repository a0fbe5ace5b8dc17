import type { Engine, EngineInfo } from '../engine/engine.ts';
import type { Logger } from '../logger.ts';

/** What is known of the connection to an engine. */
export type EngineState =
  | { status: 'unknown' }
  | { status: 'reachable'; info: EngineInfo }
  | { status: 'unreachable'; since: number; why: string };

export interface EngineMonitor {
  state(): EngineState;
  /** resolves when the engine has been asked once, whatever it said */
  ready: Promise<void>;
  /** resolves at the end of the watch, after the signal */
  finished: Promise<void>;
}

/**
 * Keeps a stream of the engine's events open: each event of a container of ours wakes its driver, and a broken stream means that the engine
 * went away, so that its identity (epoch) is read anew when it answers again.
 */
export function monitorEngine(options: {
  engine: Engine;
  installation: string;
  logger: Logger;
  signal: AbortSignal;
  onContainer(name: string, action: 'start' | 'die' | 'destroy' | 'oom'): void;
  onChange(): void;
}): EngineMonitor {
  const { engine, signal, logger } = options;
  let state: EngineState = { status: 'unknown' };
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const change = (next: EngineState): void => {
    if (next.status !== state.status) logger.info({ engine: engine.endpoint, status: next.status }, 'engine');
    state = next;
    resolve();
    options.onChange();
  };
  const lost = (error: unknown): void => {
    const why = error instanceof Error ? error.message : String(error);
    change({ status: 'unreachable', since: state.status === 'unreachable' ? state.since : Date.now(), why });
  };
  const watch = async (): Promise<void> => {
    for (let pause = 100; !signal.aborted; pause = Math.min(pause * 2, 2_000)) {
      try {
        const info = await engine.info();
        change({ status: 'reachable', info });
        pause = 100;
        // what happened before the events were listened to is seen by looking once more when they are
        await engine.watch(options.installation, (event) => options.onContainer(event.name, event.action), signal, options.onChange);
      } catch (error) {
        if (signal.aborted) return;
        lost(error);
      }
      if (!signal.aborted) await wait(pause, signal);
    }
  };
  return { state: () => state, ready, finished: watch() };
}

/** Resolves after `ms`, or at once when aborted. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
