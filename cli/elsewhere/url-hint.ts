import type { Run } from '../../shared/api.ts';
import { portOf } from './forwards.ts';
import type { Connection } from './connection.ts';

/** How URLs that were printed as they are on the other machine are opened here; null: there are none. */
export function urlHint(connection: Connection, runs: readonly Pick<Run, 'name' | 'urls'>[]): string | null {
  const serving = runs.filter(({ urls }) => urls.length > 0);
  const [first] = serving;
  if (first === undefined) return null;
  const ports = serving.flatMap(({ urls }) => urls.flatMap(({ url }) => portOf(url) ?? []));
  const name = serving.length === 1 ? first.name : 'RUN';
  return `The URLs are those on ${connection.address.destination}. \`dstack logs -f ${name}\` brings them here, or by hand: ${connection.byHand(ports)}`;
}
