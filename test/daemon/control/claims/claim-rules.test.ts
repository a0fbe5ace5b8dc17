import { describe, expect, test } from 'vitest';
import { claimName, heldByOthers, idleClaims, phraseOf, rivalOf, type Idle } from '../../../../daemon/control/claims/claim-rules.ts';
import { labels, type GpuContainer } from '../../../../daemon/engine/engine.ts';

let count = 0;
const made = (
  installation: string,
  more: Record<string, string>,
  state: 'created' | 'running' | 'exited',
  name?: string,
): GpuContainer => ({
  id: `id${++count}`,
  name: name ?? `c${count}`,
  labels: { [labels.installation]: installation, [labels.user]: `user-of-${installation}`, ...more },
  imageId: 'i',
  running: state === 'running',
  live: state !== 'exited',
});
const claim = (of: string, gpu: string): GpuContainer =>
  made(of, { [labels.kind]: 'claim', [labels.gpus]: gpu }, 'created', claimName(gpu));
const job = (of: string, gpus: string, state: 'created' | 'running' | 'exited' = 'running', run = 'red-fox-1'): GpuContainer =>
  made(of, { [labels.kind]: 'job', [labels.gpus]: gpus, [labels.run]: run }, state);

describe('names', () => {
  test('are those of the GPU', () => expect(claimName('GPU-1-a')).toBe('dstack-gpu-GPU-1-a'));
  test('of old MIG devices have no slashes', () => expect(claimName('MIG-GPU-1/7/0')).toBe('dstack-gpu-MIG-GPU-1-7-0'));
});

describe('who has a GPU', () => {
  const held = (...seen: GpuContainer[]) => Object.fromEntries(heldByOthers(seen, 'us'));
  test('a live container says for which run', () =>
    expect(held(claim('them', 'A'), job('them', 'A,B'))).toEqual({
      A: { run: 'red-fox-1', user: 'user-of-them', installation: 'them' },
      B: { run: 'red-fox-1', user: 'user-of-them', installation: 'them' },
    }));
  test('a container counts before it is started', () => expect(held(job('them', 'A', 'created'))).toHaveProperty('A'));
  test('and not after its end', () => expect(held(job('them', 'A', 'exited'))).toEqual({}));
  test('a claim alone does not say for which run', () =>
    expect(held(claim('them', 'A'))).toEqual({ A: { run: '', user: 'user-of-them', installation: 'them' } }));
  test('what is ours is nobody else’s', () => expect(held(claim('us', 'A'), job('us', 'A'))).toEqual({}));
  test('is said', () => {
    expect(phraseOf({ run: 'red-fox-1', user: 'bob', installation: 'x' })).toBe('the run red-fox-1 of bob (another dstack daemon)');
    expect(phraseOf({ run: '', user: 'bob', installation: 'x' })).toBe('another dstack daemon, of bob');
  });
});

describe('a rival', () => {
  const own = job('us', 'A,B', 'created');
  test('is any other live container with one of the GPUs', () => {
    expect(rivalOf([own, job('them', 'B,C', 'created')], ['A', 'B'], own.id)).toMatchObject({ uuid: 'B' });
    expect(rivalOf([own, job('us', 'A')], ['A', 'B'], own.id)).toMatchObject({ uuid: 'A' });
  });
  test('is not one with other GPUs, one that has ended, a claim, or oneself', () =>
    expect(rivalOf([own, job('them', 'C'), job('them', 'A', 'exited'), claim('them', 'A')], ['A', 'B'], own.id)).toBeNull());
});

describe('claims without a container', () => {
  /** Looks at these times (ms) with a timeout of 100; the names of those that are abandoned at the last. */
  const after = (looks: [at: number, seen: GpuContainer[]][]): string[] => {
    let idle: Idle = new Map();
    let last: GpuContainer[] = [];
    for (const [now, seen] of looks) ({ idle, abandoned: last } = idleClaims(idle, seen, { installation: 'us', now, timeout: 100 }));
    return last.map((one) => one.name);
  };
  const theirs = claim('them', 'A');
  const used = [theirs, job('them', 'A')];

  test('are abandoned when they had none for the whole time', () =>
    expect(after([[0, [theirs]], [50, [theirs]], [100, [theirs]]])).toEqual([theirs.name])); // oxfmt-ignore
  test('not a moment earlier', () =>
    expect(
      after([
        [0, [theirs]],
        [50, [theirs]],
        [99, [theirs]],
      ]),
    ).toEqual([]));
  test('nor if one was seen meanwhile', () =>
    expect(
      after([
        [0, [theirs]],
        [50, used],
        [100, [theirs]],
        [149, [theirs]],
      ]),
    ).toEqual([]));
  test('nor while one waits to be started', () => {
    const waiting = [theirs, job('them', 'A', 'created')];
    expect(
      after([
        [0, waiting],
        [500, waiting],
        [1000, waiting],
      ]),
    ).toEqual([]);
  });
  test('an ended container is none', () => {
    const over = [theirs, job('them', 'A', 'exited')];
    expect(
      after([
        [0, over],
        [50, over],
        [100, over],
      ]),
    ).toEqual([theirs.name]);
  });
  test('nor is one with another GPU, or of somebody else', () => {
    const others = [theirs, job('them', 'B'), job('others', 'A')];
    expect(
      after([
        [0, others],
        [50, others],
        [100, others],
      ]),
    ).toEqual([theirs.name]);
  });
  test('two looks far apart say nothing of the time between', () =>
    expect(
      after([
        [0, [theirs]],
        [1000, [theirs]],
      ]),
    ).toEqual([]));
  test('one that was given back and made anew begins anew', () =>
    expect(
      after([
        [0, [theirs]],
        [50, [theirs]],
        [100, [claim('them', 'A')]],
      ]),
    ).toEqual([]));
  test('ours are never among them', () => {
    const ours = [claim('us', 'A')];
    expect(
      after([
        [0, ours],
        [500, ours],
        [1000, ours],
      ]),
    ).toEqual([]);
  });
});
