import { expect, test } from 'vitest';
import { createGate } from '../../../daemon/control/gate.ts';

test('one alone waits for those that pass together, and holds back those that come later', async () => {
  const gate = createGate();
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const collecting = Promise.withResolvers<void>();
  const log = (name: string, until: Promise<void>) => async () => {
    order.push(`${name} begins`);
    await until;
    order.push(`${name} ends`);
  };
  const a = gate.together(log('a', first.promise));
  const b = gate.together(log('b', second.promise));
  await Promise.resolve();
  const gc = gate.alone(log('gc', collecting.promise));
  const c = gate.together(log('c', Promise.resolve()));
  second.resolve();
  await b;
  first.resolve();
  await a;
  collecting.resolve();
  await Promise.all([gc, c]);
  expect(order).toEqual(['a begins', 'b begins', 'b ends', 'a ends', 'gc begins', 'gc ends', 'c begins', 'c ends']);
});

test('a failure is the caller’s alone', async () => {
  const gate = createGate();
  await expect(gate.together(() => Promise.reject(new Error('x')))).rejects.toThrow('x');
  await expect(gate.alone(() => Promise.reject(new Error('y')))).rejects.toThrow('y');
  await expect(gate.together(() => Promise.resolve(1))).resolves.toBe(1);
});
