/** What is made of an engine that could not look into an image; that of a real one is in test/daemon/engine. */
import { expect, test } from 'vitest';
import { EngineError } from '../../../daemon/engine/engine.ts';
import { ownServerFinder } from '../../../daemon/servers/own-server.ts';

test.each([
  ['unreachable', 'it does not answer', 'throws', 2],
  ['no_space', 'no space left on device', 'throws', 2],
  ['other', 'the helper container dstack-look-1 did not end within 30 s', false, 2],
  ['other', 'exec: "/bin/sh": stat /bin/sh: no such file or directory', false, 1],
] as const)('%s: %s', async (kind, message, expected, looks) => {
  let asked = 0;
  const hasOwn = ownServerFinder({
    runToEnd: () => {
      asked++;
      return Promise.reject(new EngineError(kind, message));
    },
  });
  for (const _ of [1, 2]) expect(await hasOwn('sha256:1').catch(() => 'throws')).toBe(expected);
  expect(asked).toBe(looks);
});
