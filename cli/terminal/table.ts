import { truncate, width } from './text.ts';

export interface Column<T> {
  title: string;
  /** one line, already printable */
  value: (row: T) => string;
  /** put around the padded cell, say for colour; may not change its width */
  style?: (cell: string, row: T) => string;
  /** may be cut, but not below this many columns; none: never cut */
  least?: number;
  align?: 'right';
}

interface Layout<T> {
  columns: Column<T>[];
  rows: T[];
  /** columns of the terminal; null: as wide as it gets */
  width: number | null;
  titleStyle?: (title: string) => string;
  /** a line below a row, already printable and styled after the cut */
  note?: (row: T) => string | null;
  noteStyle?: (note: string) => string;
  /** further lines below a row, already printable and styled; never cut: they are to be copied */
  below?: (row: T) => string[];
}

const gap = '  ';
const indent = '  ';

/** A table as lines; titles first. What does not fit is cut in the columns that allow it, the widest first. */
export function table<T>(layout: Layout<T>): string[] {
  const { columns, rows } = layout;
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  const widths = fit(
    columns.map((column, i) => Math.max(width(column.title), ...cells.map((line) => width(line[i] ?? '')))),
    columns.map((column) => column.least ?? null),
    layout.width,
  );
  const plain = (text: string): string => text;
  const line = (texts: string[], style: (cell: string, i: number) => string): string =>
    texts.map((text, i) => cell(text, widths[i] ?? 0, columns[i]?.align, i === texts.length - 1, (c) => style(c, i))).join(gap);
  const lines = [
    line(
      columns.map((column) => column.title),
      layout.titleStyle ?? plain,
    ),
  ];
  rows.forEach((row, r) => {
    lines.push(line(cells[r] ?? [], (c, i) => columns[i]?.style?.(c, row) ?? c));
    const note = layout.note?.(row);
    if (note) lines.push(indent + (layout.noteStyle ?? plain)(layout.width === null ? note : truncate(note, layout.width - indent.length)));
    for (const text of layout.below?.(row) ?? []) lines.push(indent + text);
  });
  return lines.map((text) => text.trimEnd());
}

function cell(text: string, columns: number, align: 'right' | undefined, last: boolean, style: (cell: string) => string): string {
  const cut = truncate(text, columns);
  const pad = ' '.repeat(Math.max(0, columns - width(cut)));
  // the padding stays outside of the style, so that the last column leaves no coloured blanks
  if (align === 'right') return pad + style(cut);
  return style(cut) + (last ? '' : pad);
}

function fit(natural: number[], least: (number | null)[], room: number | null): number[] {
  const widths = [...natural];
  if (room === null) return widths;
  let excess = widths.reduce((sum, w) => sum + w, 0) + gap.length * (widths.length - 1) - room;
  while (excess > 0) {
    let widest = -1;
    widths.forEach((w, i) => {
      if (least[i] !== null && w > (least[i] ?? 0) && (widest < 0 || w > (widths[widest] ?? 0))) widest = i;
    });
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}
