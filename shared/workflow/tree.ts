/**
 * A file's YAML as a plain tree in which every node and key knows its place, with aliases and merge keys (`<<`) resolved. Building it
 * reports duplicate keys, unknown and circular aliases, and stops at nesting and alias expansions that no workflow file needs.
 */
import { isAlias, isMap, isNode, isScalar, isSeq, visit } from 'yaml';
import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml';
import type { Source, Span } from './source.ts';
import { nearest } from './suggest.ts';

export type Tree =
  | { kind: 'map'; span: Span; entries: Map<string, { key: Span; value: Tree }> }
  | { kind: 'list'; span: Span; items: Tree[] }
  /** `text` is what the file says, so that 3.10 is not 3.1. `broken`: what stands there is a problem that has been reported */
  | { kind: 'scalar'; span: Span; value: string | number | boolean | null; text: string; broken?: true };

export type MapTree = Extract<Tree, { kind: 'map' }>;

/** An alias expanded may stand for many nodes, and those for more: what all of a file's expansions may come to. */
const mostAliasNodes = 10_000;
const deepest = 32;

export function buildTree(doc: Document.Parsed, source: Source): Tree {
  const targets = aliasTargets(doc, source);
  const open = new Set<Node>();
  let aliasNodes = 0;
  let tooMany = false;

  const empty = (at: number): Tree => ({ kind: 'scalar', span: { start: at, end: at }, value: null, text: '' });
  const broken = (span: Span): Tree => ({ kind: 'scalar', span, value: null, text: '', broken: true });

  function build(node: unknown, at: number, depth: number, inAlias: boolean): Tree {
    if (!isNode(node)) return empty(at);
    const span = spanOf(node, at);
    if (inAlias) aliasNodes += 1;
    if (aliasNodes > mostAliasNodes) {
      if (!tooMany) source.report(span, 'the aliases of this file stand for too many values', `at most ${mostAliasNodes} in all`);
      tooMany = true;
      return broken(span);
    }
    if (depth > deepest || open.has(node)) {
      source.report(span, open.has(node) ? 'this alias stands for something that contains it' : `this is nested more than ${deepest} deep`);
      return broken(span);
    }
    open.add(node);
    try {
      if (isAlias(node)) {
        const target = targets.get(node);
        return target ? build(target, span.start, depth + 1, true) : broken(span);
      }
      if (isMap(node)) return { kind: 'map', span, entries: buildEntries(node, span.start, depth, inAlias) };
      if (isSeq(node)) return { kind: 'list', span, items: node.items.map((item) => build(item, span.start, depth + 1, inAlias)) };
      return scalar(node, span);
    } finally {
      open.delete(node);
    }
  }

  function buildEntries(node: YAMLMap, at: number, depth: number, inAlias: boolean): MapTree['entries'] {
    const entries: MapTree['entries'] = new Map();
    const merges: { key: Span; value: Tree }[] = [];
    for (const pair of node.items) {
      const key = spanOf(pair.key, at);
      const value = (): Tree => build(pair.value, key.end, depth + 1, inAlias);
      if (isMergeKey(pair)) {
        merges.push({ key, value: value() });
        continue;
      }
      const name = keyName(pair.key);
      const before = name === null ? undefined : entries.get(name);
      if (name === null) source.report(key, 'a key must be text');
      else if (before) source.report(key, `\`${name}\` is given twice`, `the first is on line ${source.lineOf(before.key)}`);
      else entries.set(name, { key, value: value() });
    }
    for (const { key, value } of merges) merge(entries, key, value);
    return entries;
  }

  /** Own keys win over merged ones, earlier maps of a list over later ones. */
  function merge(entries: MapTree['entries'], key: Span, value: Tree): void {
    if (value.kind === 'list') for (const item of value.items) merge(entries, key, item);
    else if (value.kind === 'map') {
      for (const [name, entry] of value.entries) if (!entries.has(name)) entries.set(name, entry);
    } else if (value.kind !== 'scalar' || !value.broken)
      source.report(key, '`<<` merges maps, and this is none', 'write `<<: *name` with the anchor of a map');
  }

  return build(doc.contents, 0, 0, false);
}

/** What each alias refers to: the last anchor of its name before it. */
function aliasTargets(doc: Document.Parsed, source: Source): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(doc, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target) return void targets.set(node, target);
        const near = anchors.size < 100 ? nearest(node.source, anchors.keys()) : null;
        return source.report(spanOf(node, 0), `there is no anchor \`&${node.source}\` before this`, near && `did you mean \`*${near}\`?`);
      }
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      return undefined;
    },
  });
  return targets;
}

const spanOf = (node: unknown, at: number): Span => {
  const range = isNode(node) ? node.range : null;
  return range ? { start: range[0], end: Math.max(range[0], range[1]) } : { start: at, end: at };
};

function scalar(node: Node, span: Span): Tree {
  const value: unknown = isScalar(node) ? node.value : null;
  const source = isScalar(node) ? node.source : undefined;
  const text = typeof source === 'string' ? source : typeof value === 'string' ? value : '';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return { kind: 'scalar', span, value, text };
  return { kind: 'scalar', span, value: typeof value === 'string' ? value : text, text };
}

const isMergeKey = (pair: Pair): boolean => isScalar(pair.key) && pair.key.value === '<<' && pair.key.type === 'PLAIN';

function keyName(key: unknown): string | null {
  if (!isScalar(key)) return null;
  return typeof key.value === 'string' ? key.value : (key.source ?? null);
}

/** The node at a path of keys and indexes, and the key it stands under; where the path leaves the tree, the last node on it. */
export function nodeAt(tree: Tree, path: readonly PropertyKey[]): { node: Tree; key: Span | null; found: boolean } {
  let node = tree;
  let key: Span | null = null;
  for (const part of path) {
    const entry = node.kind === 'map' ? node.entries.get(String(part)) : undefined;
    const next = node.kind === 'list' ? node.items[Number(part)] : entry?.value;
    if (!next) return { node, key, found: false };
    [node, key] = [next, entry?.key ?? null];
  }
  return { node, key, found: true };
}

/** Where to point for a node: at it, or at its key where nothing is written behind that. */
export const pointAt = (node: Tree, key: Span | null): Span => (node.span.end > node.span.start || !key ? node.span : key);

/** Where to point for what a map lacks: at its name, else at its first key. */
export function headOf(map: Tree): Span {
  if (map.kind !== 'map') return map.span;
  const name = map.entries.get('name');
  if (name) return pointAt(name.value, name.key);
  const [first] = map.entries.values();
  return first?.key ?? map.span;
}

/** The text of a scalar; null for anything else. */
export const textOf = (node: Tree | undefined): string | null => (node?.kind === 'scalar' && node.value !== null ? node.text : null);

/** The items of a list; anything else, as the single item that it stands for. */
export const itemsOf = (node: Tree | undefined): Tree[] => (!node ? [] : node.kind === 'list' ? node.items : [node]);

/** Every scalar in and below a node. */
export function* scalarsOf(node: Tree): Generator<Extract<Tree, { kind: 'scalar' }>> {
  if (node.kind === 'scalar') yield node;
  else
    for (const child of node.kind === 'list' ? node.items : [...node.entries.values()].map(({ value }) => value)) yield* scalarsOf(child);
}

/** The place in the file of a part of a scalar's text; where escapes or folding hide it, the scalar itself. */
export function spanWithin(node: Extract<Tree, { kind: 'scalar' }>, part: string, offset: number, file: string): Span {
  const before = node.text.slice(0, offset).split(part).length - 1;
  let at = node.span.start - 1;
  for (let count = 0; count <= before; count += 1) {
    at = file.indexOf(part, at + 1);
    if (at < 0 || at + part.length > node.span.end) return node.span;
  }
  return { start: at, end: at + part.length };
}
