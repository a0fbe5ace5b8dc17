import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogLines } from '../../../cli/terminal/log-lines.ts';

const render = (chunks: (string | Buffer)[], keepColours = false): Buffer => {
  const lines = new LogLines(keepColours);
  return Buffer.concat([...chunks.map((chunk) => lines.push(Buffer.from(chunk))), lines.flush()]);
};

describe('a line for those who are no terminal', () => {
  test.each([
    ['a\r\nb\n', 'a\nb\n'],
    ['no end', 'no end'],
    [' 10%\r 50%\r100%\n', '100%\n'],
    ['100 of 100\r9', '900 of 100'],
    ['long long\r\x1b[Kshort\n', 'short\n'],
    ['long long\rshort\x1b[K\n', 'short\n'],
    ['long long\r\x1b[2Kshort\r\r\n', 'short\n'],
    ['█████\r██\n', '█████\n'],
    ['日本語\rab\n', 'ab語\n'],
    ['\x1b[1;31mred\x1b[0m \x1b]0;title\x07x\x1b(By\n', 'red xy\n'],
    ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n', 'link\n'],
    ['\x1b[?25l\x1b[3Aup\n', 'up\n'],
    ['a\tb\n', 'a\tb\n'],
  ])('%j becomes %j', (text, shown) => expect(render([text]).toString()).toBe(shown));

  test('colours are kept for a terminal that wants the last state', () => {
    expect(render(['\x1b[31m 10%\x1b[0m\r\x1b[31m100%\x1b[0m\x1b[2J\n'], true).toString()).toBe('\x1b[31m100%\x1b[0m\n');
  });
});

test('bytes that are no UTF-8 pass unchanged', () => {
  const bytes = Buffer.from([0xff, 0x80, 0x0d, 0xfe, 0x0a, 0xc3, 0x0a]);
  expect(render([bytes])).toEqual(Buffer.from([0xfe, 0x80, 0x0a, 0xc3, 0x0a]));
});

test('where the chunks are cut does not matter', () => {
  const piece = fc.constantFrom('a', '█', '\r', '\n', '\r\n', '\x1b[31m', '\x1b[K', '\x1b', '[', 'm', ' ');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(60)), (pieces, cuts) => {
      const whole = Buffer.from(pieces.join(''));
      const at = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).toSorted((a, b) => a - b), whole.length];
      const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
      expect(render(chunks)).toEqual(render([whole]));
    }),
  );
});

test('output without line ends does not pile up', () => {
  const lines = new LogLines();
  let out = 0;
  for (let i = 0; i < 64; i++) out += lines.push(Buffer.alloc(1 << 16, 'x')).length;
  expect(out).toBeGreaterThanOrEqual(3 << 20);
  expect(out + lines.flush().length).toBe(4 << 20);
});

test('any bytes are rendered', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void render([Buffer.from(bytes)])));
});
