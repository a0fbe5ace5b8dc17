import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskedForms } from '../../../daemon/logs/mask-forms.ts';
import { Masker } from '../../../daemon/logs/masker.ts';

/** The stream cut into pieces of these lengths, in turn. */
export function cut(data: Buffer, lengths: number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < data.length; turn++) {
    const length = Math.max(1, lengths[turn % Math.max(1, lengths.length)] ?? data.length);
    pieces.push(data.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function mask(secrets: string[], pieces: (Buffer | string)[]): string {
  const masker = new Masker(secrets);
  return Buffer.concat([...pieces.map((piece) => masker.take(Buffer.from(piece))), masker.end()]).toString();
}

describe('what is masked', () => {
  it.each([
    ['a secret', ['hunter2'], 'password hunter2 ok', 'password ****** ok'],
    ['two in a row', ['abc'], 'abcabc', '************'],
    ['the longer of two that begin together', ['abc', 'abcdef'], 'xabcdefx abcx', 'x******x ******x'],
    ['overlapping ones as one', ['abcd', 'cdef'], 'abcdef!', '******!'],
    ['one inside another', ['bcd', 'abcde'], 'abcde bcd abcd', '****** ****** a******'],
    ['one that overlaps itself', ['aaa'], 'aaaaa', '******'],
    ['after a false start', ['aab'], 'aaab', 'a******'],
    ['nothing of what is short', ['ab', ' x '], 'ab x', 'ab x'],
    ['a short one that takes many bytes, since characters count', ['äö', 'äöü'], 'äö äöü', 'äö ******'],
    ['without the white space around it', ['  key\n'], 'key|  key\r\n', '******|  ******\r\n'],
    ['several lines as a terminal prints them', ['first\nsecond'], 'first\r\nsecond first\nsecond', '****** ******'],
    ['each line by itself', ['-----BEGIN\nc2VjcmV0\n}\n'], 'c2VjcmV0 } -----BEGIN', '****** } ******'],
    ['one with Windows line ends', ['first\r\nsecond'], 'first\nsecond first\r\r\nsecond', '****** ******'],
    ['one with a character that the end of a record has cut', ['geheimnisträger'], 'geheimnistr\uFFFD\uFFFDger', '******'],
  ])('%s', (_, secrets, printed, shown) => {
    expect(mask(secrets, [printed])).toBe(shown);
    expect(
      mask(
        secrets,
        [...Buffer.from(printed)].map((byte) => Buffer.from([byte])),
      ),
    ).toBe(shown);
  });

  it('holds back only what may still become a secret', () => {
    const masker = new Masker(['hunter2', 'other']);
    expect(masker.take(Buffer.from('progress 10%\r')).toString()).toBe('progress 10%\r');
    expect(masker.take(Buffer.from('my hunt')).toString()).toBe('my ');
    expect(masker.take(Buffer.from('ing')).toString()).toBe('hunting');
    expect(masker.take(Buffer.from('hunter2')).toString()).toBe('******');
  });
});

// few letters, so that secrets do occur, overlap and nearly occur
const letters = fc.stringMatching(/^[ab\nö]{1,6}$/);
const secretsAndText = fc.record({
  secrets: fc.array(letters, { minLength: 1, maxLength: 5 }),
  parts: fc.array(fc.oneof(letters, fc.nat(4)), { maxLength: 40 }),
  cuts: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }),
});

describe('whatever is printed', () => {
  it('is masked the same however it is cut', () => {
    fc.assert(
      fc.property(secretsAndText, ({ secrets, parts, cuts }) => {
        const text = Buffer.from(parts.map((part) => (typeof part === 'number' ? (secrets[part] ?? '') : part)).join(''));
        expect(mask(secrets, cut(text, cuts))).toBe(mask(secrets, [text]));
      }),
      { numRuns: 2000 },
    );
  });

  it('shows no byte of any secret, and every byte of the rest', () => {
    fc.assert(
      fc.property(secretsAndText, ({ secrets, parts, cuts }) => {
        const text = Buffer.from(parts.map((part) => (typeof part === 'number' ? (secrets[part] ?? '') : part)).join(''));
        // the plainest way to say it: mark each occurrence of each form
        const hidden = new Uint8Array(text.length);
        for (const form of maskedForms(secrets)) {
          for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) hidden.fill(1, at, at + form.length);
        }
        const rest = Buffer.from(text.filter((_byte, at) => hidden[at] === 0)).toString();
        expect(mask(secrets, cut(text, cuts)).replaceAll('*', '')).toBe(rest);
      }),
      { numRuns: 2000 },
    );
  });
});
