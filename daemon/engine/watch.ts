import type { Connection } from './connection.ts';
import { EngineError, labels, type Engine } from './engine.ts';
import { toEngineError } from './errors.ts';
import { jsonLines } from './json-lines.ts';

type Event = Parameters<Parameters<Engine['watch']>[1]>[0];

/** Follows the engine's events (docblock of Engine.watch). */
export const watchVerb =
  (connection: Connection): Engine['watch'] =>
  async (installation, onEvent, signal, onOpen) => {
    const filters = JSON.stringify({
      type: ['container'],
      event: ['start', 'die', 'destroy', 'oom'],
      label: [`${labels.installation}=${installation}`],
    });
    try {
      const body = await connection.stream({ method: 'GET', path: '/events', query: { filters } }, signal);
      onOpen?.();
      for await (const line of jsonLines<{ Action: Event['action']; Actor: { Attributes: { name?: string } } }>(body)) {
        onEvent({ action: line.Action, name: line.Actor.Attributes.name ?? '' });
      }
    } catch (error) {
      if (signal.aborted) return;
      throw toEngineError(error, connection.endpoint);
    }
    if (!signal.aborted) throw new EngineError('unreachable', `the Docker Engine at ${connection.endpoint} closed the connection`);
  };
