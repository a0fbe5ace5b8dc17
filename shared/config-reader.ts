import type { Result } from './result.ts';
import type { Source, Span } from './workflow/source.ts';
import { nearest } from './workflow/suggest.ts';
import { pointAt } from './workflow/tree.ts';
import type { Tree } from './workflow/tree.ts';

/** A value and where it stands; undefined where the file leaves it out. */
export type Slot = { node: Tree; key: Span | null; name: string } | undefined;
export type Keys<Key extends string> = Partial<Record<Key, Slot>>;

export interface Reader {
  top: Slot;
  /** the values of a map by key; others than `known` are reported, with what was probably meant */
  keysOf<Key extends string>(slot: Slot, known: readonly Key[], what: string): Keys<Key>;
  /** one value, or `otherwise` where it is left out or wrong */
  scalar<T>(slot: Slot, parse: (text: string) => Result<T>, otherwise: T): T;
  /** a list, or one value instead of a list of one; undefined where it is left out */
  list<T>(slot: Slot, parse: (text: string) => Result<T>): T[] | undefined;
  /** a map with any keys */
  pairs(
    slot: Slot,
    parseKey: (text: string) => Result<string>,
    parseValue: (text: string) => Result<string>,
    hint: string,
  ): Record<string, string>;
}

/** Reads values out of a file's tree. Whatever is wrong is reported to `source`, and reading goes on. */
export function createReader(source: Source, tree: Tree): Reader {
  const isLeftOut = (node: Tree): boolean => node.kind === 'scalar' && node.value === null;
  const complain = (slot: NonNullable<Slot>, message: string, hint?: string): undefined => {
    source.report(pointAt(slot.node, slot.key), `${slot.name}${message}`, hint ?? null);
  };

  function value<T>(slot: NonNullable<Slot>, parse: (text: string) => Result<T>): T | undefined {
    if (slot.node.kind !== 'scalar') return complain(slot, ' must be a single value');
    const text = typeof slot.node.value === 'string' ? slot.node.value : slot.node.text;
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    return complain(slot, ` ${text}: ${parsed.failure.message}`, parsed.failure.hint);
  }

  return {
    top: isLeftOut(tree) ? undefined : { node: tree, key: null, name: 'the configuration' },

    keysOf(slot, known, what) {
      const keys: Keys<(typeof known)[number]> = {};
      if (!slot || isLeftOut(slot.node)) return keys;
      if (slot.node.kind !== 'map') {
        complain(slot, ' must be a map', `its keys are ${known.join(', ')}`);
        return keys;
      }
      for (const [name, { key, value: node }] of slot.node.entries) {
        const found = known.find((candidate) => candidate === name);
        const near = nearest(name, known);
        if (!found)
          source.report(
            key,
            `\`${name}\` is not a key of ${what}`,
            near ? `did you mean \`${near}\`?` : `its keys are ${known.join(', ')}`,
          );
        // nothing behind the colon: the default holds
        else if (!isLeftOut(node)) keys[found] = { node, key, name };
      }
      return keys;
    },

    scalar(slot, parse, otherwise) {
      const parsed = slot ? value(slot, parse) : undefined;
      return parsed === undefined ? otherwise : parsed;
    },

    list(slot, parse) {
      if (!slot) return undefined;
      const nodes = slot.node.kind === 'list' ? slot.node.items : [slot.node];
      return nodes.map((node) => value({ ...slot, node }, parse)).filter((item) => item !== undefined);
    },

    pairs(slot, parseKey, parseValue, hint) {
      const found: [string, string][] = [];
      if (slot && slot.node.kind !== 'map') complain(slot, ' must be a map', `write ${hint}`);
      if (slot?.node.kind !== 'map') return {};
      for (const [name, { key, value: node }] of slot.node.entries) {
        const parsed = parseKey(name);
        if (!parsed.ok) source.report(key, `${slot.name} ${name}: ${parsed.failure.message}`, parsed.failure.hint ?? null);
        else if (isLeftOut(node))
          source.report(key, `${slot.name} ${name}: the value is missing`, `write ${hint}; for an empty one write ""`);
        const text = parsed.ok && !isLeftOut(node) ? value({ node, key, name: `${slot.name} ${name}:` }, parseValue) : undefined;
        if (parsed.ok && text !== undefined) found.push([parsed.value, text]);
      }
      return Object.fromEntries(found);
    },
  };
}
