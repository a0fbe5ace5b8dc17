import { parseDocument } from 'yaml';
import { reportDialect } from './dialects.ts';
import type { Source } from './source.ts';
import { nearest } from './suggest.ts';
import { reportSyntax } from './syntax.ts';
import { buildTree, headOf, pointAt } from './tree.ts';
import type { MapTree, Tree } from './tree.ts';
import { found, shown } from './words.ts';

/** The maps under `workflows`; none where the file as a whole is not what we read. */
export function workflowTrees(source: Source): MapTree[] {
  const tree = readTree(source);
  if (!tree) return [];
  const entry = tree.kind === 'map' ? tree.entries.get('workflows') : undefined;
  if (tree.kind === 'map') reportRootKeys(tree, source);
  if (!entry) {
    if (source.problems.length > 0) return [];
    source.report(
      { ...tree.span, end: tree.span.start },
      'the file has no `workflows`',
      'it begins with `workflows:`, and below it `- name: …` for each',
    );
    return [];
  }
  if (entry.value.kind !== 'list') {
    if (entry.value.kind === 'scalar' && entry.value.broken) return [];
    source.report(
      pointAt(entry.value, entry.key),
      `workflows: expected a list, found ${found(entry.value)}`,
      'begin each workflow with `- name: …`',
    );
    return [];
  }
  const maps: MapTree[] = [];
  for (const item of entry.value.items) {
    if (item.kind === 'map') maps.push(item);
    else source.report(item.span, `expected a workflow, found ${found(item)}`, 'begin it with `- name: …` and `provider: …`');
  }
  return reportDialect(maps, source) ? [] : maps;
}

function readTree(source: Source): Tree | null {
  try {
    const doc = parseDocument(source.text, { uniqueKeys: false, prettyErrors: false });
    reportSyntax(doc, source);
    return doc.errors.length > 0 ? null : buildTree(doc, source);
  } catch (error) {
    // the parser is recursive
    if (!(error instanceof RangeError)) throw error;
    source.report({ start: 0, end: 0 }, 'the file is nested too deeply');
    return null;
  }
}

function reportRootKeys(root: MapTree, source: Source): void {
  const isWorkflow = root.entries.has('provider') || root.entries.has('commands');
  if (isWorkflow && !root.entries.has('workflows')) {
    source.report(
      headOf(root),
      'this workflow does not stand in the list `workflows`',
      'begin the file with `workflows:`, and the workflow with `- name: …`',
    );
    return;
  }
  for (const [name, { key }] of root.entries) {
    if (name === 'workflows' || name.startsWith('x-')) continue;
    const near = nearest(name, ['workflows']);
    source.report(
      key,
      `\`${shown(name)}\` is not a key of a workflow file`,
      near ? `did you mean \`${near}\`?` : 'it has one, `workflows`; a place for anchors begins with `x-`',
    );
  }
}
