import { describe, expect, test } from 'vitest';
import { freshLive, type Attempt } from '../../../../daemon/control/attempt.ts';
import { builtFor, endBuild, limitBuild, wasCutOff } from '../../../../daemon/control/builds/build-time.ts';
import type { ControlParts } from '../../../../daemon/control/parts.ts';
import { freshProgress, type Progress } from '../../../../daemon/store/records.ts';

const attemptWith = (progress: Partial<Progress>, maxDuration: number | null = null): Attempt =>
  ({ run: { spec: { maxDuration } }, job: { progress: { ...freshProgress(), ...progress } }, live: freshLive() }) as unknown as Attempt;
const now = 1_000_000;
const parts = { now: () => now, store: { jobs: { update: () => undefined } } } as unknown as ControlParts;

describe('whether a build was cut off by a restart', () => {
  const cutOff = (building: Progress['building'], exitCode: number, noted: string | null): Promise<boolean> =>
    wasCutOff({ engine: { epoch: () => Promise.resolve('new') } } as unknown as ControlParts, attemptWith({ building }), exitCode, noted);
  const before = { at: 1, epoch: 'old' };

  test.each([0, 137, 143, 255])('it was, where its script said nothing of the exit code %i', async (exitCode) => {
    expect(await cutOff(before, exitCode, null)).toBe(true);
    expect(await cutOff(before, exitCode, `${exitCode === 0 ? 1 : 0}\n`)).toBe(true);
  });
  test('it was, where it was told to end', async () => expect(await cutOff(before, 143, '143\n')).toBe(true));
  test('it was not, where it had come to its end before', async () => {
    expect(await cutOff(before, 0, '0\n')).toBe(false);
    expect(await cutOff(before, 7, '7\n')).toBe(false);
  });
  test('nor was one without a restart, or begun by a version that did not note it', async () => {
    for (const building of [{ at: 1, epoch: 'new' }, null, undefined]) expect(await cutOff(building, 137, null)).toBe(false);
  });
});

describe('how long the builds of an attempt take', () => {
  test('adds up, once for each', () => {
    const attempt = attemptWith({ building: { at: now - 3_000, epoch: 'e' }, builtFor: 5_000 });
    const took = builtFor(attempt, now);
    expect(took).toBeGreaterThanOrEqual(8_000);
    endBuild(parts, attempt);
    expect(attempt.job.progress.building).toBeNull();
    const sum = attempt.job.progress.builtFor;
    expect(sum).toBeGreaterThanOrEqual(took);
    endBuild(parts, attempt);
    expect(builtFor(attempt, now)).toBe(sum);
  });

  test('is limited by max_duration, and by nothing where there is none', async () => {
    await new Promise<void>((late) => limitBuild(parts, attemptWith({ building: { at: now, epoch: 'e' }, builtFor: 990 }, 1), late));
    let late = false;
    limitBuild(parts, attemptWith({ builtFor: 1_000 }, 1), () => (late = true));
    expect(late).toBe(true);
    late = false;
    limitBuild(parts, attemptWith({ builtFor: 1e12 }), () => (late = true));
    expect(late).toBe(false);
  });
});
