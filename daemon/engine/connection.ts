import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { json } from 'node:stream/consumers';
import { EngineError } from './engine.ts';
import { dialer, type Ask } from './dial.ts';
import { toEngineError } from './errors.ts';

/** After this many milliseconds a call that should be quick counts as unanswered. */
const deadlineMs = 30_000;

/** How the rest of this folder speaks to the engine. Everything thrown is an EngineError, or the reason of the caller's signal (an AbortError). */
export interface Connection {
  readonly endpoint: string;
  /** A quick question: the parsed answer, null for an empty one. */
  ask<T>(ask: Ask, within?: number): Promise<T>;
  /** A long one: resolves with the body as soon as the engine has begun to answer. No deadline; ends with the signal. */
  stream(ask: Ask, signal: AbortSignal): Promise<IncomingMessage>;
  /** Takes the connection over: raw bytes both ways. The deadline is for getting there. */
  hijack(ask: Ask): Promise<Duplex>;
}

/** Connects lazily: nothing is sent before the first question. Sockets are kept for reuse (over SSH each new one costs a round trip). */
export function connect(endpoint: string): Connection {
  const dial = dialer(endpoint);

  const within = async <T>(ms: number, ask: Ask, act: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ms);
    try {
      return await act(late.signal);
    } catch (error) {
      if (!late.signal.aborted) throw toEngineError(error, endpoint);
      throw new EngineError(
        'unreachable',
        `the Docker Engine at ${endpoint} did not answer ${ask.method} ${ask.path} within ${ms / 1000} s`,
      );
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    endpoint,
    ask: <T>(ask: Ask, ms = deadlineMs) =>
      within(ms, ask, async (signal) => {
        const body = (await dial(ask, signal, false)) as IncomingMessage;
        if (body.headers['content-type']?.includes('json')) return (await json(body)) as T;
        for await (const _ of body);
        return null as T;
      }),
    async stream(ask, signal) {
      try {
        signal.throwIfAborted();
        return (await dial(ask, signal, false)) as IncomingMessage;
      } catch (error) {
        throw toEngineError(error, endpoint, signal);
      }
    },
    hijack: (ask) =>
      within(deadlineMs, ask, async (signal) => {
        const socket = await dial(ask, signal, true);
        if ('write' in socket) return socket;
        throw new EngineError('other', `the engine at ${endpoint} does not let a connection be taken over`);
      }),
  };
}
