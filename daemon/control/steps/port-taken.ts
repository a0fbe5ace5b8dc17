import type { Attempt } from '../attempt.ts';
import { specOf } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { fixedPorts, holderOf } from '../submit/port-holders.ts';
import { endWith } from './end-with.ts';

/** How often a port that the engine chose may turn out to be somebody else's. */
const mostChoices = 10;

/**
 * How the engine says that a port is not to be had, in all its versions: "Bind for 127.0.0.1:80 failed: port is already allocated" (a container has it), "listen tcp4
 * 127.0.0.1:80: bind: address already in use" and "failed to bind host port for 127.0.0.1:80:…: address already in use" (a program has it).
 */
export const saysPortTaken = (message: string): boolean =>
  /port is already allocated|address already in use|failed to bind host port/i.test(message);

/** The port of this machine that such a sentence is about; null: it names none. */
export function portIn(message: string): number | null {
  const port = /(?:Bind for|host port|listen tcp\d?)\D*(?:(?:\d+\.){3}\d+|\[[^\]]*\]):(\d+)/i.exec(message)?.[1];
  return port === undefined ? null : Number(port);
}

/**
 * A container that could not be started because a port is taken: one that was asked for ends the attempt, with who has it; one that the engine chose is chosen anew,
 * with the container.
 */
export async function portTaken(parts: ControlParts, attempt: Attempt, message: string): Promise<void> {
  const { job, live, run } = attempt;
  const fixed = fixedPorts([specOf(attempt)]);
  const said = portIn(message);
  const port = said !== null && fixed.includes(said) ? said : said === null ? (fixed[0] ?? null) : null;
  live.portChoices = (live.portChoices ?? 0) + 1;
  if (port !== null || live.portChoices > mostChoices) {
    const holder = port === null ? null : holderOf(parts.store, port, run.id);
    const who = holder === null ? `another program of this machine has it` : `the run ${holder} has it`;
    const sentence = port === null ? `cannot start the container: ${message}` : `port ${port} of this machine is taken: ${who}`;
    return endWith(parts, attempt, 'start', sentence);
  }
  parts.logger.info({ run: run.name, port: said }, 'a port was taken between choice and start: another is chosen');
  job.progress.startIntent = null;
  parts.store.jobs.update(job);
  await parts.engine.remove(attempt.container, true);
}
