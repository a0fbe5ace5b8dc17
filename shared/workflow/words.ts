import type { Tree } from './tree.ts';

/** A value inside a sentence: short, and on one line. */
export function shown(text: string): string {
  const line = text.slice(0, 200).replaceAll(/\s+/g, ' ').trim();
  return line.length > 48 ? `${line.slice(0, 47)}…` : line;
}

/** What stands at a place, for "expected a list, found …". */
export function found(node: Tree): string {
  switch (node.kind) {
    case 'map':
      return 'a map';
    case 'list':
      return 'a list';
    case 'scalar':
      if (node.value === null) return 'nothing';
      if (typeof node.value === 'number') return `the number ${shown(node.text)}`;
      return typeof node.value === 'boolean' ? node.text : `the text \`${shown(node.value)}\``;
  }
}

/** `a, b and c` */
export function listed(words: readonly string[], conjunction: 'and' | 'or' = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`;
}
