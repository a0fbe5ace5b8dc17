import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { mark, markFormat, MarkScanner } from '../../../daemon/logs/marks.ts';

/** The marks of a text that comes in these chunks, each with the text before it, and the text after the last. */
function scan(chunks: Buffer[], last = 0): { parts: string[]; numbers: number[] } {
  const scanner = new MarkScanner(last);
  const parts = [''];
  const numbers: number[] = [];
  for (const chunk of chunks) {
    for (const piece of scanner.take(chunk)) {
      if ('text' in piece) parts.push(parts.pop() + piece.text.toString('latin1'));
      else {
        expect(piece.bytes.toString()).toBe(mark(piece.mark));
        numbers.push(piece.mark);
        parts.push('');
      }
    }
  }
  parts.push(parts.pop() + scanner.end().toString('latin1'));
  return { parts, numbers };
}

const whole = (text: string, last = 0) => scan([Buffer.from(text, 'latin1')], last);

test('a mark is what a shell prints with its format', () => {
  expect(execFileSync('sh', ['-c', `printf '${markFormat}' "$1"`, 'sh', '12']).toString()).toBe(mark(12));
});

test('what stands between two marks is found', () => {
  expect(whole(`checks${mark(1)}one\n${mark(2)}${mark(3)}three`)).toEqual({ parts: ['checks', 'one\n', '', 'three'], numbers: [1, 2, 3] });
});

test('a number that does not grow, is far ahead or is none is text', () => {
  const odd = `${mark(2)}${mark(1)}${mark(0)}${mark(3000)}\x1b]7746;dstack;\x07\x1b]7746;dstack;3;\x07\x1b]7746;dstack;0000000003\x07`;
  expect(whole(`${mark(2)}${odd}${mark(4)}`)).toEqual({ parts: ['', odd, ''], numbers: [2, 4] });
  expect(whole(`${mark(6)}${mark(7)}x`, 6)).toEqual({ parts: [mark(6), 'x'], numbers: [7] });
});

test('the same is found however the bytes are cut', () => {
  const words = fc.constantFrom(
    mark(1),
    mark(2),
    mark(3),
    mark(9),
    mark(99),
    '\x1b',
    '\x1b]',
    '\x1b]7746;dstack;',
    '7',
    '\x07',
    'text\r\n',
    '\xe4',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), fc.array(fc.nat(40), { maxLength: 12 }), (text, sizes) => {
      const all = Buffer.from(text.join(''), 'latin1');
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) chunks.push(all.subarray(at, (at += size)));
      chunks.push(all.subarray(at));
      expect(scan(chunks)).toEqual(scan([all]));
    }),
  );
});

test('only what may become a mark is held back', () => {
  const scanner = new MarkScanner(0);
  expect(scanner.take(Buffer.from('50 %\x1b[K'))).toEqual([{ text: Buffer.from('50 %\x1b[K') }]);
  expect(scanner.take(Buffer.from('60 %\x1b]77'))).toEqual([{ text: Buffer.from('60 %') }]);
  expect(scanner.held).toBe(4);
  expect(scanner.take(Buffer.from('0'))).toEqual([{ text: Buffer.from('\x1b]770') }]);
});
