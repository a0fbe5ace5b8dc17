import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, idleCores, limitsOf, tick, type IdleClock, type Limits, type Reading } from '../../../daemon/activity/idle-clock.ts';

/** What a look shows, but for its time. */
type Sight = Omit<Reading, 'from' | 'to'>;
const nothing: Sight = { use: null, mark: 'a', cpuNanos: 0 };
const at = (from: number, sight: Sight = nothing, took = 0): Reading => ({ ...sight, from, to: from + took });

/** A watcher's life: what each look showed (null: it failed), how long after the one before it began, and how long it took (ms). */
interface Look {
  after: number;
  took: number;
  sight: Sight | null;
}

interface Step {
  reading: Reading | null;
  said: 'go on' | 'warn' | 'end' | 'nothing';
}

/** Goes through the looks as a watcher does, up to its end. */
function live(looks: readonly Look[], limits: Limits): Step[] {
  const steps: Step[] = [];
  let clock: IdleClock | null = null;
  let now = 0;
  for (const { after, took, sight } of looks) {
    now += after;
    const reading = sight && at(now, sight, took);
    now += took;
    if (reading) clock = tick(clock, reading, limits);
    const said = reading && clock ? decide(clock, limits) : 'nothing';
    if (said === 'warn' && clock) clock = { ...clock, warned: true };
    steps.push({ reading, said });
    if (said === 'end') break;
  }
  return steps;
}

/** Mostly on time and quiet; sometimes late, after an absence, slow, in vain, or of somebody at work. */
const looksFor = (limits: Limits): fc.Arbitrary<Look[]> => {
  const rarely = <T, U>(usual: fc.Arbitrary<T>, ...others: fc.Arbitrary<U>[]): fc.Arbitrary<T | U> =>
    fc.oneof({ weight: 40, arbitrary: usual }, ...others.map((arbitrary) => ({ weight: 1, arbitrary })));
  const sight = rarely<Sight, Sight | null>(
    fc.constant(nothing),
    fc.constant({ ...nothing, use: 'a kernel is busy' }),
    fc.constantFrom('a', 'b').map((mark) => ({ ...nothing, mark })),
    fc.constant(null),
  );
  const after = rarely(fc.integer({ min: limits.every, max: limits.every * 2 }), fc.integer({ min: 1, max: limits.duration * 2 }));
  const took = rarely(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: limits.every * 2 }));
  const cores = rarely(fc.constantFrom(0, idleCores / 2), fc.constant(idleCores * 3));
  return fc.array(fc.record({ after, took, sight, cores }), { minLength: 8, maxLength: 60 }).map((looks) => {
    let cpuNanos = 0;
    return looks.map((look) => {
      cpuNanos += look.cores * look.after * 1e6;
      return { ...look, sight: look.sight && { ...look.sight, cpuNanos } };
    });
  });
};

const someLimits = fc.constantFrom(1, 4, 20, 60, 90, 1800, 86_400).map(limitsOf);

describe('the clock of an environment that is left alone', () => {
  test('ends it only after looks that all showed nothing for as long as was said, none far from the next, and after a warning', () => {
    let ends = 0;
    const lives = someLimits.chain((limits) => fc.tuple(fc.constant(limits), looksFor(limits)));
    const check = ([limits, looks]: [Limits, Look[]]): void => {
      const steps = live(looks, limits);
      if (steps.at(-1)?.said !== 'end') return;
      ends++;
      const seen = steps.flatMap(({ reading, said }) => (reading ? [{ reading, said }] : []));
      const calm = (i: number): boolean => {
        const [a, b] = [seen[i - 1]?.reading, seen[i]?.reading];
        if (!a || !b || a.use !== null || b.use !== null || a.mark !== b.mark) return false;
        return b.from - a.to <= limits.longestGap && b.cpuNanos - a.cpuNanos < idleCores * (b.from - a.from) * 1e6;
      };
      // back from the end, as long as nothing is seen to be done
      let first = seen.length - 1;
      while (calm(first)) first--;
      const known = (seen.at(-1)?.reading.from ?? NaN) - (seen[first]?.reading.to ?? NaN);
      expect(known).toBeGreaterThanOrEqual(limits.duration);
      expect(seen.slice(first, -1).some(({ said }) => said === 'warn')).toBe(true);
    };
    fc.assert(fc.property(lives, check), { numRuns: 500 });
    expect(ends).toBeGreaterThan(50);
  });

  test('does end it, at the first look after that time, if nobody comes', () => {
    fc.assert(
      fc.property(someLimits, fc.double({ min: 0.1, max: 1, noNaN: true }), (limits, pace) => {
        const after = Math.max(limits.every * pace, limits.duration / 5_000);
        const looks = Array.from({ length: Math.ceil(limits.duration / after) + 3 }, () => ({ after, took: 0, sight: nothing }));
        const end = live(looks, limits).at(-1);
        expect(end?.said).toBe('end');
        const idle = (end?.reading?.from ?? NaN) - after;
        // sums of many
        const error = limits.duration * 1e-9;
        expect(idle).toBeGreaterThanOrEqual(limits.duration - error);
        expect(idle).toBeLessThan(limits.duration + after + error);
      }),
    );
  });

  test('stands still while looks fail, and begins anew when they did for too long', () => {
    const limits = limitsOf(1800);
    const before = tick(tick(null, at(0), limits), at(60_000), limits);
    expect(before.idleFor).toBe(60_000);
    // one look was missed: what is before and behind it is known
    expect(tick(before, at(180_000), limits).idleFor).toBe(180_000);
    expect(tick(before, at(60_000 + limits.longestGap + 1), limits).idleFor).toBe(0);
    const failing = Array.from({ length: 100 }, (_, i) => ({ after: 60_000, took: 0, sight: i === 0 ? nothing : null }));
    expect(new Set(live(failing, limits).map(({ said }) => said))).toEqual(new Set(['go on', 'nothing']));
  });

  test('takes a warning back when somebody comes', () => {
    const limits = limitsOf(20);
    const warned: IdleClock = { idleFor: 17_000, at: 17_000, reading: at(17_000), warned: true };
    expect(tick(warned, at(19_000), limits)).toMatchObject({ idleFor: 19_000, warned: true });
    for (const sight of [
      { ...nothing, use: 'a connection is open' },
      { ...nothing, mark: 'b' },
      { ...nothing, cpuNanos: 2000 * 1e6 * idleCores },
    ])
      expect(tick(warned, at(19_000, sight), limits)).toMatchObject({ idleFor: 0, warned: false });
  });

  test('counts nothing of the time in which somebody left, nor of looks at both ends', () => {
    const limits = limitsOf(600);
    const open = tick(null, at(0, { ...nothing, use: 'a connection is open' }), limits);
    const left = tick(open, at(60_000, nothing, 500), limits);
    expect(left.idleFor).toBe(0);
    const next = tick(left, at(120_500, nothing, 500), limits);
    expect(next.idleFor).toBe(60_000);
    // between them nothing is left out
    expect(tick(next, at(180_500), limits).idleFor).toBe(120_000);
  });

  test('looks often enough to warn before, and no oftener than is needed', () => {
    expect(limitsOf(1800)).toEqual({ duration: 1_800_000, every: 60_000, longestGap: 150_000, warning: 300_000 });
    expect(limitsOf(60)).toEqual({ duration: 60_000, every: 6_000, longestGap: 15_000, warning: 12_000 });
    for (const seconds of [1, 3, 10, 30, 300, 7200]) {
      const { every, longestGap, warning, duration } = limitsOf(seconds);
      expect(every).toBeLessThanOrEqual(warning);
      expect(every).toBeLessThan(longestGap);
      expect(longestGap).toBeLessThan(duration);
    }
  });
});
