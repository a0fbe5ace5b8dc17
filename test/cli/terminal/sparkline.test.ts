import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { statsView } from '../../../cli/stats-view.ts';
import { resample, showsUnicode, sparkline } from '../../../cli/terminal/sparkline.ts';
import { width } from '../../../cli/terminal/text.ts';
import type { Sample, Stats } from '../../../shared/api.ts';

describe('a sparkline', () => {
  test('is as high as its values', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8, null], 8, true)).toBe('▁▂▃▄▅▆▇██ ');
    expect(sparkline([0, 50, 100, null], 100, false)).toBe('_=# ');
  });
  test('of nothing but zeros is flat', () => expect(sparkline([0, 0], 0, true)).toBe('▁▁'));
});

describe('resampling', () => {
  test('is the mean by time, with gaps where nothing is known', () => {
    const points = [
      { at: 0, span: 10, value: 4 },
      { at: 10, span: 30, value: 8 },
      { at: 60, span: 20, value: null },
    ];
    expect(resample(points, 0, 80, 4)).toEqual([6, 8, null, null]);
  });
  test('keeps the integral, however many columns there are', () => {
    const values = fc.array(fc.tuple(fc.integer({ min: 1, max: 600 }), fc.nat(100)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 300 }), (list, columns) => {
        let end = 0;
        const points = list.map(([span, value]) => ({ at: (end += span) - span, span, value }));
        const sum = resample(points, 0, end, columns).reduce<number>((total, value) => total + (value ?? 0) * (end / columns), 0);
        expect(sum).toBeCloseTo(
          points.reduce((total, { span, value }) => total + span * value, 0),
          3,
        );
      }),
    );
  });
});

test('only a UTF-8 terminal gets blocks', () => {
  expect(showsUnicode({ LANG: 'de_DE.UTF-8' })).toBe(true);
  expect(showsUnicode({ LANG: 'en_US.utf8', LC_ALL: 'C' })).toBe(false);
  expect(showsUnicode({ LC_ALL: '', LC_CTYPE: 'C.UTF-8' })).toBe(true);
  expect(showsUnicode({})).toBe(false);
});

describe('the charts of a run', () => {
  const samples = (count: number, gpus: number): Sample[] =>
    Array.from({ length: count }, (_, i) => ({
      at: new Date(1_790_000_000_000 + i * 5000).toISOString(),
      span: 5000,
      cpu: i % 4,
      memory: 1e9 + i * 1e6,
      gpus: Array.from({ length: gpus }, () => ({ utilization: (i * 7) % 101, memory: 6.1e10 })),
    }));
  const view = (list: Sample[], columns: number, unicode = true, over: Partial<Stats> = {}): string[] =>
    statsView({ run: 'calm-otter-3', attempt: 2, status: 'running', gpus: [], gpuNumbers: [], ...over, samples: list }, columns, unicode);

  test('fit the terminal, and use it', () => {
    for (const columns of [80, 120, 200]) {
      for (const gpus of [0, 1, 8]) {
        const lines = view(samples(720, gpus), columns);
        expect(Math.max(...lines.map(width))).toBe(columns);
        expect(lines).toHaveLength(2 + 2 * gpus + 2 + 1);
      }
    }
  });
  test('say what is, what was on average, and the most', () => {
    const lines = view(samples(5, 1), 80);
    expect(lines[0]).toBe('calm-otter-3, attempt 2, running: 25 s');
    expect(lines[1]).toMatch(/^ +NOW +MEAN +MAX$/);
    expect(lines[2]).toMatch(/^GPU {9}\S+ +28 % +14 % +28 %$/);
    expect(lines[3]).toMatch(/^GPU memory {2}█+ +61 GB +61 GB +61 GB$/);
    expect(lines[4]).toMatch(/^CPU cores {3}\S+ +0\.00 +1\.20 +3\.00$/);
  });
  test('are plain where the terminal is', () => {
    for (const line of view(samples(100, 2), 80, false)) expect(line).toMatch(/^[\u0020-\u007e]*$/);
  });
  test('name each GPU by its number on the host, or its UUID where that is not known', () => {
    const gpus = ['GPU-11111111-2222', 'GPU-33333333-4444'];
    const lines = view(samples(5, 2), 80, true, { gpus, gpuNumbers: [3, null] });
    expect(lines.map((line) => line.slice(0, 20)).join('\n')).toMatch(
      /^GPU 3 {3,}[^]*^GPU 3 memory [^]*^GPU-33333333 {3,}[^]*^GPU-33333333 memory /m,
    );
  });
  test('show next to nothing as next to nothing', () => {
    const idle = samples(5, 1).map((one) => ({ ...one, cpu: 0.004, memory: 2e6, gpus: [{ utilization: 0, memory: 0 }] }));
    for (const line of view(idle, 80).slice(2, 6)) expect(line).toMatch(/ {2,}▁+ {2,}[02]/);
  });
  test('of what is never known stay empty', () => {
    const unknown = samples(50, 1).map((one) => ({ ...one, gpus: [{ utilization: null, memory: null }] }));
    expect(view(unknown, 80)[2]).toMatch(/^GPU +- +- +-$/);
  });
});
