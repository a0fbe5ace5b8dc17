import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineText } from '../../../daemon/logs/engine-text.ts';

function through(pieces: Buffer[]): Buffer {
  const text = new EngineText();
  return Buffer.concat([...pieces.map((piece) => text.take(piece)), text.end()]);
}

/** cuts at every multiple of `length` */
const every = (data: Buffer, length: number): Buffer[] =>
  Array.from({ length: Math.ceil(data.length / length) }, (_, index) => data.subarray(index * length, (index + 1) * length));

// that this is what an engine's record holds is tested on a real one: test/daemon/engine/record.test.ts
describe('what a terminal printed, as the engine keeps it', () => {
  it('is the same where it is text', () => {
    const data = Buffer.from('naïve – 漢字 🎉\r\n'.repeat(500));
    for (const length of [1, 2, 3, 5, 4096]) expect(through(every(data, length))).toEqual(data);
  });

  it('has a replacement for each byte that is none', () => {
    const broken = Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf0, 0x9f, 0x8e]);
    expect(through([broken]).toString()).toBe('a\uFFFD\uFFFD\uFFFDb\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD');
  });

  it('loses a character that is cut by the end of a record, which is at 16 KiB without a newline', () => {
    const at = (before: number): string =>
      through([Buffer.from(`${'x'.repeat(before)}漢`)])
        .toString()
        .slice(before);
    expect(at(16381)).toBe('漢');
    expect(at(16382)).toBe('\uFFFD\uFFFD\uFFFD');
    expect(at(16384)).toBe('漢');
    expect(
      through([Buffer.from(`${'x'.repeat(100)}\n${'x'.repeat(16382)}漢`)])
        .toString()
        .endsWith('x\uFFFD\uFFFD\uFFFD'),
    ).toBe(true);
    expect(
      through([Buffer.from(`${'x'.repeat(16383)}\n${'x'.repeat(16381)}漢`)])
        .toString()
        .endsWith('x漢'),
    ).toBe(true);
  });

  it('is the same for lines that come together as for bytes that come one by one', () => {
    const line = fc.tuple(
      fc.constantFrom('x', '漢', 'é', '🎉'),
      fc.constantFrom(0, 1, 100, 4095, 4096, 5461, 8192, 16383, 16384, 16385),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.constantFrom('', 'é', '漢x'), (lines, before) => {
        const data = Buffer.from(before + lines.map(([letter, length, end]) => `${letter.repeat(length)}${end ? '\n' : ''}`).join(''));
        expect(through([data]).equals(through(every(data, 1)))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('does not depend on how it arrives', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40_000 }), fc.nat(), (length, seed) => {
        const data = Buffer.concat([randomBytes(20_000), Buffer.from('漢'.repeat(8000)), randomBytes(50 + (seed % 50))]);
        expect(through(every(data, length)).equals(through([data]))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
