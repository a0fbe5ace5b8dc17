import fc from 'fast-check';
import { expect, test } from 'vitest';
import { table } from '../../../cli/terminal/table.ts';
import { width } from '../../../cli/terminal/text.ts';

interface Row {
  name: string;
  what: string;
  size: number;
}
const columns = [
  { title: 'NAME', value: (row: Row) => row.name },
  { title: 'WHAT', value: (row: Row) => row.what, least: 5 },
  { title: 'SIZE', value: (row: Row) => String(row.size), align: 'right' as const },
];
const rows: Row[] = [
  { name: 'a', what: 'a long description', size: 7 },
  { name: 'longer', what: '漢字', size: 12_345 },
];

test('as wide as it gets without a terminal', () =>
  expect(
    table({ columns, rows, width: null, note: (row) => (row.size > 9 ? 'a note that is longer than everything else' : null) }),
  ).toEqual([
    'NAME    WHAT                 SIZE',
    'a       a long description      7',
    'longer  漢字                12345',
    '  a note that is longer than everything else',
  ]));

test('cut where it may be', () =>
  expect(table({ columns, rows, width: 24, note: (row) => (row.size > 9 ? 'a note that is longer than everything else' : null) })).toEqual([
    'NAME    WHAT        SIZE',
    'a       a long d…      7',
    'longer  漢字       12345',
    '  a note that is longer…',
  ]));

test('styles and padding do not change the width', () => {
  const styled = columns.map((column) => ({ ...column, style: (cell: string) => `<${cell}>` }));
  expect(table({ columns: styled, rows: rows.slice(1), width: null })[1]).toBe('<longer>  <漢字>  <12345>');
});

test('no line is wider than the terminal when every column may be cut', () => {
  const row = fc.record({ name: fc.string({ unit: 'grapheme' }), what: fc.string(), size: fc.nat() });
  fc.assert(
    fc.property(fc.array(row), fc.integer({ min: 20, max: 100 }), (some, limit) => {
      const cuttable = columns.map((column) => ({ ...column, least: 2 }));
      for (const line of table({ columns: cuttable, rows: some, width: limit })) expect(width(line)).toBeLessThanOrEqual(limit);
    }),
  );
});
