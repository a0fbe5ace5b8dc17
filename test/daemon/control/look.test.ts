import { expect, test } from 'vitest';
import { freshLive } from '../../../daemon/control/attempt.ts';
import { createLook } from '../../../daemon/control/look.ts';
import type { Container } from '../../../daemon/engine/engine.ts';

const container = (id: string): Container => ({
  id,
  name: 'c',
  labels: {},
  image: 'i',
  imageId: 'i',
  state: { status: 'created' },
  ports: [],
});

/** An engine that makes another container each time it is asked, and counts. */
const given = () => {
  let asked = 0;
  const live = freshLive();
  return { live, asked: () => asked, look: createLook({ inspect: async () => container(String(++asked)) }, live) };
};

test('what a step has left as it was is not asked for again', async () => {
  const { look, asked } = given();
  expect((await look.at('c'))?.id).toBe('1');
  look.after('prepareWorkspace');
  expect((await look.at('c'))?.id).toBe('1');
  expect(asked()).toBe(1);
});

test('after any other step the engine is asked', async () => {
  const { look } = given();
  await look.at('c');
  look.after('terminate');
  expect((await look.at('c'))?.id).toBe('2');
});

test('what a step has made is taken from it, once', async () => {
  const { look, live, asked } = given();
  await look.at('c');
  live.made = { container: container('made') };
  look.after('createContainer');
  expect((await look.at('c'))?.id).toBe('made');
  look.after('startContainer');
  expect((await look.at('c'))?.id).toBe('2');
  expect(asked()).toBe(2);
});

test('after a pause the engine is asked, whatever was known', async () => {
  const { look, live } = given();
  await look.at('c');
  look.after('noteRunning');
  live.made = { container: null };
  look.forget();
  look.after('noteRunning');
  expect((await look.at('c'))?.id).toBe('2');
});
