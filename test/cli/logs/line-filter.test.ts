import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineFilter } from '../../../cli/logs/line-filter.ts';

/** What is found in a text that comes in pieces of so many bytes. */
function found(text: string, pattern: RegExp, size: number, keepColours = false): string[] {
  const filter = new LineFilter(pattern, keepColours);
  const bytes = Buffer.from(text);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += size) lines.push(...filter.push(bytes.subarray(at, at + size)));
  lines.push(...filter.flush());
  expect(filter.count).toBe(lines.length);
  return lines;
}

const patterns = [
  'ab',
  '^a',
  'b$',
  '^$',
  'a.*b',
  'a[^x]*b',
  'a\\s',
  'b(?!\\s)',
  '(?<!b)a',
  '\\ba\\b',
  'x|é',
  '[\\t-z]b',
  '\\[\\^a',
  '(?:a|b)\\W',
  '\\Bb',
  '(a)\\1',
];

test('it is what each line by itself says, however the bytes are cut', () => {
  const word = fc.constantFrom('a', 'b', 'x', 'é', ' ', '\t', '[^', '\r\n', '\n', 'long\rlo');
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 30 }),
      fc.constantFrom(...patterns),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (words, source, size, ignore) => {
        const text = words.join('');
        const pattern = new RegExp(source, ignore ? 'iu' : 'u');
        // all of it, one line after the other
        const lines = found(text, /^/u, 1000);
        expect(found(text, pattern, size)).toEqual(lines.filter((line) => pattern.test(line)));
      },
    ),
    { numRuns: 1000 },
  );
});

test('colours are kept where they are wanted, and never in the way', () => {
  const text = 'x\n\x1b[31mred\x1b[0m one\r\n';
  expect(found(text, /^red one$/, 5)).toEqual(['red one']);
  expect(found(text, /^red one$/, 5, true)).toEqual(['\x1b[31mred\x1b[0m one']);
});

test('a line without an end takes no memory, and is found all the same', () => {
  const filter = new LineFilter(/zz/u, false);
  const lines: string[] = [];
  for (let i = 0; i < 40; i++) lines.push(...filter.push(Buffer.alloc(1 << 17, i === 20 ? 'z' : 'x')));
  lines.push(...filter.flush());
  expect(lines.length).toBeGreaterThan(0);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(4 << 20);
});
