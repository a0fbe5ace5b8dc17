import { describe, expect, test } from 'vitest';
import { oneLine, printable, truncate, width } from '../../../cli/terminal/text.ts';

describe('printable', () => {
  test.each([
    ['plain ü 漢', 'plain ü 漢'],
    ['a\tb\nc', 'a\tb\nc'],
    ['\x1b[2J', '\\x1b[2J'],
    ['\x9b31m', '\\x9b31m'],
    ['a\rb\x07\x7f', 'a\\x0db\\x07\\x7f'],
    ['abc\u202egpj', 'abc\\u202egpj'],
  ])('%j is shown as %j', (text, shown) => expect(printable(text)).toBe(shown));
});

test('oneLine joins lines', () => expect(oneLine(' a\n\tb\x1b ')).toBe('a b\\x1b'));

test.each([
  ['abc', 3],
  ['漢字', 4],
  ['e\u0301', 1],
  ['🚀', 2],
])('%s takes %d columns', (text, columns) => expect(width(text)).toBe(columns));

test.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdef', 4, 'abc…'],
  ['漢字漢', 5, '漢字…'],
  ['漢字漢', 4, '漢…'],
  ['abc', 0, ''],
])('%s cut to %d columns is %s', (text, columns, cut) => expect(truncate(text, columns)).toBe(cut));
