/**
 * What Ctrl+C and signals do to an attached run.
 *
 *   with a terminal:     following ─ Ctrl+C ─ asking ─ s or Ctrl+C ─ stopping ─ Ctrl+C ─ aborting ─ Ctrl+C ─ (leave, 130)
 *                            ▲                  ├─ k ─┘ back
 *                            └──────────────────┘     d ─ (leave, 0)
 *   without a terminal:  any of SIGINT, SIGTERM, SIGHUP ─ (leave, 128 + signal); the run goes on
 */
import { unreachable, type Failure, type Result } from '../../shared/result.ts';
import { askKey } from '../terminal/ask.ts';
import type { Output } from '../terminal/output.ts';

export interface InterruptOptions {
  err: Output;
  /** whether a person can be asked */
  interactive: boolean;
  /** what is asked, where it is about something else than a run */
  question?: string;
  /** called before the question is shown; the screen is ours until `onAnswered` */
  onAsk: () => void;
  onAnswered: () => void;
  stop: (abort: boolean) => Promise<Result<unknown>>;
  /** a sentence for the user */
  say: (text: string) => void;
  complain: (failure: Failure) => void;
  /** stop following; this is the exit status */
  leave: (exitCode: number) => void;
}

type State = 'following' | 'asking' | 'stopping' | 'aborting';

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

export interface Interrupts {
  /** as the answer `s` */
  stop(): void;
  /** as the answer `d`, with an exit status */
  leave(exitCode: number): void;
  /** gives the signals back */
  release(): void;
}

/** Takes the signals over until `release`. */
export function handleInterrupts(options: InterruptOptions): Interrupts {
  let state: State = 'following';
  const over = new AbortController();

  const stop = async (abort: boolean): Promise<void> => {
    state = abort ? 'aborting' : 'stopping';
    options.say(abort ? 'Aborting…' : 'Stopping… (Ctrl+C again aborts)');
    const stopped = await options.stop(abort);
    if (stopped.ok || over.signal.aborted) return;
    options.complain(stopped.failure);
    state = 'following';
  };

  const ask = async (): Promise<void> => {
    state = 'asking';
    options.onAsk();
    const key = await askKey(options.err, options.question ?? 'stop, detach or keep going? [s/d/k] ', 'sdk', over.signal);
    options.onAnswered();
    state = 'following';
    if (key === 's' || key === '\x03') await stop(false);
    else if (key === 'd') options.leave(0);
  };

  const interrupted = (): void => {
    switch (state) {
      case 'following':
        return void ask();
      case 'asking':
        return; // the terminal gives us the key itself
      case 'stopping':
        return void stop(true);
      case 'aborting':
        return options.leave(130);
      default:
        return unreachable(state);
    }
  };

  const onSignal = (signal: keyof typeof numbers): void => {
    if (signal === 'SIGINT' && options.interactive) interrupted();
    else options.leave(128 + numbers[signal]);
  };
  const signals = Object.keys(numbers) as (keyof typeof numbers)[];
  for (const signal of signals) process.on(signal, onSignal);
  return {
    stop: () => {
      if (state === 'following') void stop(false);
    },
    leave: options.leave,
    release: () => {
      over.abort();
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
