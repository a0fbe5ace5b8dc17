import { expect, test } from 'vitest';
import { createSuspects } from '../../../../daemon/control/claims/suspects.ts';

test('a suspect GPU is kept back for ten minutes, and says so', () => {
  let now = 0;
  const suspects = createSuspects(() => now);
  suspects.add(['GPU-1', 'GPU-2'], 'calm-otter-3');
  expect(suspects.all().get('GPU-1')).toContain('the container of calm-otter-3');
  expect(suspects.all().get('GPU-1')).toContain('for 10 min');
  now = 540_001;
  expect(suspects.all().get('GPU-2')).toContain('for 1 min');
  now = 600_000;
  expect(suspects.all()).toEqual(new Map());
});

test('until somebody has looked', () => {
  const suspects = createSuspects(() => 0);
  suspects.add(['GPU-1'], 'x');
  suspects.clear();
  expect(suspects.all().size).toBe(0);
});

test('one that could not be claimed is kept back as well, and its own reason is said', () => {
  const suspects = createSuspects(() => 0);
  suspects.addFor(['GPU-1'], 'cannot be claimed: a container is in the way');
  expect(suspects.all().get('GPU-1')).toBe(
    'cannot be claimed: a container is in the way: it is kept back for 10 min, or until `dstack gpus --fresh`',
  );
});
