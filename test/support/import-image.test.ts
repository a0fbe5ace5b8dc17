import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { engineJson, engineRequest, filters } from './engine-api.ts';
import { ensureImage } from './import-image.ts';

const host = process.env['DOCKER_HOST']!;
const name = 'dstack-test/imported:1';

function files(content: string): Readable {
  const tar = pack();
  tar.entry({ name: 'content' }, content);
  tar.finalize();
  return Readable.from(tar);
}

test('an image is imported once, and anew when its recipe changes, with nothing left of the one before', async () => {
  const id = async () => (await engineJson<{ Id: string }>(host, `/images/${name}/json`)).Id;
  const imports: string[] = [];
  const ensure = (recipe: string) =>
    ensureImage(host, { name, recipe, changes: ['CMD ["/content"]'] }, () => {
      imports.push(recipe);
      return files(recipe);
    });
  try {
    await ensure('first');
    const first = await id();
    await ensure('first');
    expect(imports).toEqual(['first']);
    await ensure('second');
    expect(imports).toEqual(['first', 'second']);
    expect(await id()).not.toBe(first);
    const all = await engineJson<{ Id: string }[]>(host, `/images/json?${filters({ label: ['dstack-test.recipe=first'] })}`);
    expect(all.map((image) => image.Id)).not.toContain(first);
  } finally {
    await engineRequest(host, 'DELETE', `/images/${name}`, { expected: [404] });
  }
});
