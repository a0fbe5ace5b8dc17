/** Whether an image has a VS Code server of its own. */
import { pack } from 'tar-stream';
import { afterAll, expect, test } from 'vitest';
import { ownServerFinder } from '../../../daemon/servers/own-server.ts';
import { testContainers } from '../../support/containers.ts';
import { engineRequest } from '../../support/engine-api.ts';

const host = process.env['DOCKER_HOST'] ?? '';
const t = testContainers();
const made: string[] = [];
afterAll(async () => {
  await t.clean();
  for (const image of made) await engineRequest(host, 'DELETE', `/images/${image}?force=1`);
});

/** An image with nothing but these files. */
async function image(files: Record<string, string>, from = 'scratch'): Promise<string> {
  const name = `dstack-test/own-server:${made.length}`;
  const context = pack();
  for (const [file, text] of Object.entries(files)) context.entry({ name: file.slice(1), mode: 0o755 }, text);
  const copies = Object.keys(files).map((file) => `COPY ${file.slice(1)} ${file}\n`);
  context.entry({ name: 'Dockerfile' }, `FROM ${from}\n${copies.join('')}`);
  context.finalize();
  const { body } = await engineRequest(host, 'POST', `/build?t=${name}`, { body: context });
  if (body.includes('"error"')) throw new Error(body);
  made.push(name);
  return name;
}

test('is seen in it, and an image without a shell has none', async () => {
  const hasOwn = ownServerFinder(t.engine);
  expect(await hasOwn(await image({ '/usr/bin/code-server': '#!/bin/sh\n' }, 'dstack-test/tiny:1'))).toBe(true);
  expect(await hasOwn('dstack-test/tiny:1')).toBe(false);
  expect(await hasOwn(await image({ '/usr/bin/code-server': '#!/bin/sh\n' }))).toBe(false);
});
