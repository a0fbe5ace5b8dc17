/**
 * A workspace in memory that behaves as an overlay does: whatever was done in it, carrying the plan out leaves exactly the wanted files.
 */
import { array, assert as check, constantFrom, oneof, property, record, tuple, type Arbitrary } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planRefresh, type Refresh, type UpperEntry } from '../../../../daemon/control/watch/plan-refresh.ts';
import type { FileChange } from '../../../../daemon/snapshots/tree-files.ts';

/** Path → content; folders follow from the paths. */
type Files = ReadonlyMap<string, string>;
type Node = { kind: 'file'; content: string } | { kind: 'gone' } | Folder;
interface Folder {
  kind: 'folder';
  /** it hides what is below it */
  opaque: boolean;
  inside: Map<string, Node>;
}

const names = ['a', 'b', 'c'] as const;
const path: Arbitrary<string> = array(constantFrom(...names), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const content = constantFrom('1', '2', '3');

/** Only paths of which none is a folder of another. */
const files: Arbitrary<Files> = array(tuple(path, content), { maxLength: 7 }).map((entries) => {
  const kept = new Map<string, string>();
  for (const [at, text] of entries)
    if (![...kept.keys()].some((other) => other.startsWith(`${at}/`) || at.startsWith(`${other}/`))) kept.set(at, text);
  return kept;
});
type Deed = { do: 'write' | 'delete' | 'folder' | 'anew'; path: string; content: string };
const deeds = array(record<Deed>({ do: constantFrom('write', 'delete', 'folder', 'anew'), path, content }), { maxLength: 8 });

class Overlay {
  readonly upper: Folder = { kind: 'folder', opaque: false, inside: new Map() };
  readonly lower: Files;
  constructor(lower: Files) {
    this.lower = lower;
  }

  lowerKind(at: string): 'file' | 'folder' | null {
    if (this.lower.has(at)) return 'file';
    return [...this.lower.keys()].some((file) => at === '' || file.startsWith(`${at}/`)) ? 'folder' : null;
  }

  lowerList(at: string): string[] {
    const prefix = at === '' ? '' : `${at}/`;
    return [
      ...new Set(
        [...this.lower.keys()].filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length).split('/')[0] ?? ''),
      ),
    ];
  }

  /** what is to be seen at a path; content of a file, 'folder', or null */
  see(at: string): { file: string } | 'folder' | null {
    let node: Node | undefined = this.upper;
    let merged = true;
    for (const name of at.split('/')) {
      if (node?.kind !== 'folder') return null;
      merged &&= !node.opaque;
      node = node.inside.get(name);
      if (!node) return merged ? this.#seeLower(at) : null;
      if (node.kind === 'gone') return null;
      if (node.kind === 'file') merged = false;
    }
    return node?.kind === 'file' ? { file: node.content } : 'folder';
  }

  #seeLower(at: string): { file: string } | 'folder' | null {
    const text = this.lower.get(at);
    return text !== undefined ? { file: text } : this.lowerKind(at) === 'folder' ? 'folder' : null;
  }

  list(at: string): string[] {
    const below = new Set([...this.lowerList(at), ...(this.node(at)?.inside.keys() ?? [])]);
    return [...below].filter((name) => this.see(at === '' ? name : `${at}/${name}`) !== null);
  }

  node(at: string): Folder | null {
    let node: Node | undefined = this.upper;
    for (const name of at === '' ? [] : at.split('/')) node = node?.kind === 'folder' ? node.inside.get(name) : undefined;
    return node?.kind === 'folder' ? node : null;
  }

  /** the folder around a path, copied up or made; null: something else is in the way */
  #around(at: string, make: boolean): Folder | null {
    let folder = this.upper;
    const parts = at.split('/').slice(0, -1);
    for (const [i, name] of parts.entries()) {
      const here = parts.slice(0, i + 1).join('/');
      const seen = this.see(here);
      if (seen !== 'folder' && (seen !== null || !make)) return null;
      const next = folder.inside.get(name);
      if (next?.kind === 'folder') folder = next;
      else {
        // where a mark of what was deleted lay, the new folder hides what is below
        const made: Folder = { kind: 'folder', opaque: next?.kind === 'gone', inside: new Map() };
        folder.inside.set(name, made);
        folder = made;
      }
    }
    return folder;
  }

  write(at: string, text: string): void {
    if (this.see(at) === 'folder') return;
    this.#around(at, true)?.inside.set(at.split('/').at(-1) ?? '', { kind: 'file', content: text });
  }

  folder(at: string): void {
    if (this.see(at) !== null) return;
    const folder = this.#around(at, true);
    const name = at.split('/').at(-1) ?? '';
    folder?.inside.set(name, { kind: 'folder', opaque: folder.inside.get(name)?.kind === 'gone', inside: new Map() });
  }

  remove(at: string): void {
    if (this.see(at) === null) return;
    const folder = this.#around(at, false);
    const name = at.split('/').at(-1) ?? '';
    folder?.inside.delete(name);
    if (folder && this.see(at) !== null) folder.inside.set(name, { kind: 'gone' });
  }

  all(at = ''): Map<string, string | null> {
    const found = new Map<string, string | null>();
    for (const name of this.list(at)) {
      const here = at === '' ? name : `${at}/${name}`;
      const seen = this.see(here);
      if (seen === 'folder') {
        found.set(here, null);
        for (const [path_, text] of this.all(here)) found.set(path_, text);
      } else if (seen) found.set(here, seen.file);
    }
    return found;
  }
}

const treeFile = (text: string | undefined): FileChange['to'] => (text === undefined ? null : { kind: 'file', id: text });
const difference = (from: Files, to: Files): FileChange[] =>
  [...new Set([...from.keys(), ...to.keys()])]
    .filter((at) => from.get(at) !== to.get(at))
    .map((at) => ({ path: at, from: treeFile(from.get(at)), to: treeFile(to.get(at)) }));

function planOn(overlay: Overlay, wanted: Files, mounted: string[] = [], workingDir = ''): Refresh {
  return planRefresh({
    changes: difference(overlay.lower, wanted),
    upper: (folder) =>
      [...(overlay.node(folder)?.inside ?? [])].map(([name, node]): UpperEntry => {
        const at = folder === '' ? name : `${folder}/${name}`;
        return node.kind === 'file' ? { name, kind: 'file', asWanted: wanted.get(at) === node.content } : { name, kind: node.kind };
      }),
    lower: { kind: (at) => overlay.lowerKind(at), list: (at) => overlay.lowerList(at) },
    mounted,
    workingDir,
  });
}

/** As the script does it (refresh-script.ts). */
function carryOut(overlay: Overlay, { missing, remove, copy }: Refresh, wanted: Files): void {
  for (const at of missing) {
    if (overlay.see(at) !== null) continue;
    for (const [file, text] of overlay.lower) if (file === at || file.startsWith(`${at}/`)) overlay.write(file, text);
  }
  for (const at of remove) overlay.remove(at);
  for (const [at, from] of copy) {
    expect(overlay.see(at), `something is in the way of ${at}`).toBeNull();
    overlay.write(at, (from === 'lower' ? overlay.lower : wanted).get(at) ?? 'nothing to copy');
  }
}

const withFolders = (wanted: Files): Map<string, string | null> => {
  const all = new Map<string, string | null>(wanted);
  for (const at of wanted.keys())
    for (let end = at.lastIndexOf('/'); end > 0; end = at.lastIndexOf('/', end - 1)) all.set(at.slice(0, end), null);
  return all;
};
const sorted = (all: ReadonlyMap<string, string | null>): [string, string | null][] => [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));

function work(overlay: Overlay, done: readonly Deed[]): void {
  for (const deed of done) {
    if (deed.do === 'write') overlay.write(deed.path, deed.content);
    else if (deed.do === 'folder') overlay.folder(deed.path);
    else overlay.remove(deed.path);
    if (deed.do === 'anew') overlay.folder(deed.path);
  }
}

describe('the plan of a refresh', () => {
  test('leaves exactly the wanted files, whatever was done before, time and again', () => {
    check(
      property(files, array(tuple(deeds, files), { minLength: 1, maxLength: 3 }), (lower, rounds) => {
        const overlay = new Overlay(lower);
        for (const [done, wanted] of rounds) {
          work(overlay, done);
          carryOut(overlay, planOn(overlay, wanted), wanted);
          expect(sorted(overlay.all())).toEqual(sorted(withFolders(wanted)));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('does nothing where nothing was done', () => {
    check(
      property(files, (lower) => {
        const { missing, remove, copy } = planOn(new Overlay(lower), lower);
        expect([...missing, ...remove, ...copy.keys()]).toEqual([]);
      }),
    );
  });

  test('brings nothing anew that is as it should be', () => {
    const overlay = new Overlay(new Map([['a', '1']]));
    const wanted = new Map([
      ['a', '2'],
      ['b', '1'],
    ]);
    carryOut(overlay, planOn(overlay, wanted), wanted);
    expect(planOn(overlay, wanted)).toEqual({ missing: [], remove: [], copy: new Map() });
  });

  test('a folder in which not everybody may write is made anew, with all that belongs into it; one that has to stay stays', () => {
    const given = {
      changes: [],
      upper: (folder: string): UpperEntry[] => (folder === '' ? [{ name: 'a', kind: 'folder', closed: true }] : []),
      lower: {
        kind: (at: string) => (at === 'a' ? ('folder' as const) : at === 'a/b' ? ('file' as const) : null),
        list: (at: string) => (at === '' ? ['a'] : at === 'a' ? ['b'] : []),
      },
      mounted: [],
    };
    expect(planRefresh({ ...given, workingDir: '' })).toEqual({ missing: [], remove: ['a'], copy: new Map([['a/b', 'lower']]) });
    expect(planRefresh({ ...given, workingDir: 'a' })).toEqual({ missing: ['a/b'], remove: [], copy: new Map() });
  });

  test('what is mounted, the folders around it and the working directory stay', () => {
    const mount = constantFrom('a', 'a/b', 'c/a/b');
    check(
      property(files, deeds, files, mount, oneof(path, constantFrom('')), (lower, done, wanted, point, workingDir) => {
        const overlay = new Overlay(lower);
        // as the engine makes it
        overlay.folder(point);
        // a file in the place of a folder around it makes no container
        if (overlay.see(point) !== 'folder' || [...wanted.keys()].some((at) => point.startsWith(`${at}/`))) return;
        const below = (at: string): boolean => at === point || at.startsWith(`${point}/`);
        work(
          overlay,
          done.filter((deed) => !below(deed.path) && !below(point.slice(0, deed.path.length)) && !point.startsWith(`${deed.path}/`)),
        );
        const { missing, remove, copy } = planOn(overlay, wanted, [point], workingDir);
        for (const at of [...missing, ...remove, ...copy.keys()]) expect(below(at), at).toBe(false);
        for (const at of remove) expect(point.startsWith(`${at}/`), at).toBe(false);
        if (overlay.see(workingDir) === 'folder' && !wanted.has(workingDir)) expect(remove).not.toContain(workingDir);
      }),
      { numRuns: 1_000 },
    );
  });
});
