/** Images made of a file system, without any registry. */
import type { Readable } from 'node:stream';
import { engineRequest } from './engine-api.ts';

export interface ImageRecipe {
  /** with its tag */
  name: string;
  /** what it is made of: an engine whose image says another one gets it anew */
  recipe: string;
  /** as in a Dockerfile */
  changes: string[];
}

/** Makes sure that the engine has the image; `files`, a tar, is asked for only where it has not. */
export async function ensureImage(
  host: string,
  { name, recipe, changes }: ImageRecipe,
  files: () => Readable | Promise<Readable>,
): Promise<void> {
  let before: string | null = null;
  const found = await engineRequest(host, 'GET', `/images/${name}/json`, { expected: [404] });
  if (found.status === 200) {
    const { Id, Config } = JSON.parse(found.body) as { Id: string; Config: { Labels: Record<string, string> | null } | null };
    if (Config?.Labels?.['dstack-test.recipe'] === recipe) return;
    before = Id;
  }
  const [repo, tag] = name.split(':') as [string, string];
  const query = new URLSearchParams({ fromSrc: '-', repo, tag });
  for (const change of [`LABEL dstack-test.recipe=${recipe}`, ...changes]) query.append('changes', change);
  const { body } = await engineRequest(host, 'POST', `/images/create?${query.toString()}`, { body: await files() });
  // a failure comes with status 200, in the body
  if (body.includes('"error"')) throw new Error(`importing ${name}: ${body}`);
  // unless something still stands on it
  if (before !== null) await engineRequest(host, 'DELETE', `/images/${before}`, { expected: [404, 409] });
}
