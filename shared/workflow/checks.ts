/** What a schema of single values cannot say: a workflow's values among each other, and the references in its strings. */
import { posix } from 'node:path';
import { parseMount } from '../units.ts';
import { parseDep, parseDepName } from './deps.ts';
import { parseTemplate } from './interpolate.ts';
import type { ProviderName } from './model.ts';
import { refusedReference } from './references.ts';
import type { Source } from './source.ts';
import { headOf, itemsOf, scalarsOf, spanWithin, textOf } from './tree.ts';
import type { MapTree, Tree } from './tree.ts';
import { parseArtifact, parseWorkingDir } from './values.ts';
import { shown } from './words.ts';

export function checkWorkflow(workflow: MapTree, provider: ProviderName | null, source: Source): void {
  checkReferences(workflow, source);
  checkArtifactsAndMounts(workflow, source);
  checkDeps(workflow, source);
  checkRegistryAuth(workflow, source);
  if (provider === 'torchrun' && !workflow.entries.has('file') && !workflow.entries.has('script')) {
    source.report(headOf(workflow), 'a torchrun workflow needs `file`', 'for example `file: train.py`');
  }
}

const valueOf = (workflow: MapTree, key: string): Tree | undefined => workflow.entries.get(key)?.value;

/** For people; `${{` in it is nothing special. */
const plain = new Set(['help', 'cache', 'ssh', 'home_dir']);

function checkReferences(workflow: MapTree, source: Source): void {
  for (const [key, { value }] of workflow.entries) {
    if (plain.has(key)) continue;
    for (const node of scalarsOf(value)) {
      if (!node.text.includes('{{')) continue;
      const { pieces, problems } = parseTemplate(node.text);
      // a place costs as much as the text is long, and no file tells more than so many problems
      for (const { offset, length, message, hint } of problems.slice(0, 100)) {
        source.report(spanWithin(node, node.text.slice(offset, offset + length), offset, source.text), message, hint);
      }
      const references = pieces.filter((piece) => piece.kind === 'reference');
      for (const { reference, source: written, offset } of references.slice(0, 100)) {
        const refusal = refusedReference(key, reference);
        if (refusal) source.report(spanWithin(node, written, offset, source.text), ...refusal);
      }
    }
  }
}

function checkArtifactsAndMounts(workflow: MapTree, source: Source): void {
  const workingDir = parseWorkingDir(textOf(valueOf(workflow, 'working_dir')) ?? '');
  const base = posix.join('/workflow', workingDir.ok ? workingDir.value : '');
  const taken = new Map<string, string>();
  const claim = (node: Tree, what: string, target: string, shownPath: string): void => {
    const before = taken.get(target);
    if (before !== undefined)
      source.report(
        node.span,
        before === what ? `two ${what}s are at ${shown(shownPath)}` : `an artifact and a mount are at ${shown(shownPath)}`,
        'remove one of them',
      );
    else taken.set(target, what);
  };
  for (const item of itemsOf(valueOf(workflow, 'artifacts'))) {
    const node = item.kind === 'map' ? valueOf(item, 'path') : item;
    const artifact = parseArtifact(textOf(node) ?? '');
    if (node && artifact.ok) claim(node, 'artifact', posix.resolve(base, artifact.value.path), artifact.value.path);
  }
  for (const node of itemsOf(valueOf(workflow, 'mounts'))) {
    const mount = parseMount(textOf(node) ?? '');
    if (mount.ok) claim(node, 'mount', mount.value.target, mount.value.target);
  }
}

function checkDeps(workflow: MapTree, source: Source): void {
  const seen = new Set<string>();
  for (const item of itemsOf(valueOf(workflow, 'deps'))) {
    const [kind] = item.kind === 'map' ? (['tag', 'workflow'] as const).filter((one) => item.entries.has(one)) : [];
    const node = item.kind === 'map' && kind ? valueOf(item, kind) : item;
    const text = textOf(node);
    if (!node || text === null) continue;
    const dep = kind ? parseDepName(kind, text) : parseDep(text);
    if (!dep.ok) continue;
    const id = JSON.stringify([dep.value.kind, dep.value.project, dep.value.name]);
    if (seen.has(id)) source.report(node.span, `the dep ${shown(text)} is given twice`, 'remove one of them');
    seen.add(id);
  }
}

/** `$NAME` was filled in by an older dstack; here the registry would be sent these very letters. */
function checkRegistryAuth(workflow: MapTree, source: Source): void {
  const auth = valueOf(workflow, 'registry_auth');
  if (!auth) return;
  for (const node of scalarsOf(auth)) {
    const [, name] = /^\$\{?([A-Za-z_]\w*)\}?$/.exec(node.text) ?? [];
    if (name)
      source.report(
        node.span,
        `\`${node.text}\` is not filled in here`,
        `write \`\${{ secrets.${name} }}\`, and \`dstack secrets add ${name}\``,
      );
  }
}
