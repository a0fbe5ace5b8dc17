/**
 * Reads a project's workflow files. Everything that is wrong is reported at once: what YAML cannot read, else the dialect of an older
 * file, else each wrong key and value at its place.
 */
import { checkWorkflow } from './checks.ts';
import { readWorkflowFiles } from './files.ts';
import type { WorkflowFile } from './files.ts';
import { hintAt } from './hints.ts';
import { reportIssues } from './issues.ts';
import type { LoadedWorkflows, ProviderName, Workflow, WorkflowSource } from './model.ts';
import { neededFiles } from './needed-files.ts';
import { normalize } from './normalize.ts';
import type { RawWorkflow } from './normalize.ts';
import { valuesOf } from './plain-values.ts';
import { providerOf } from './provider-of.ts';
import { workflowTrees } from './roots.ts';
import { anyWorkflow, workflowSchemas } from './schema.ts';
import { openSource } from './source.ts';
import type { Source } from './source.ts';
import { headOf, nodeAt, pointAt, textOf } from './tree.ts';
import type { MapTree } from './tree.ts';
import { pathNamed } from './watch.ts';
import { shown } from './words.ts';

/**
 * The workflows of `.dstack/workflows.yaml` and `.dstack/workflows/*.{yaml,yml}` (in this order, the latter by name). Paths are absolute.
 * A project without such files has no workflows, which is no problem.
 */
export async function loadWorkflows(projectDir: string, has: HasFile | null = null): Promise<LoadedWorkflows> {
  return parseWorkflows(await readWorkflowFiles(projectDir), has);
}

interface Found {
  tree: MapTree;
  source: Source;
  provider: ProviderName | null;
  /** null: something is wrong with it */
  workflow: Workflow | null;
}

/** Whether the project has a file; null instead of it: nobody asks. */
export type HasFile = (path: string) => boolean;

/** The workflows of these files. Pure, but for `has`; the order of the files is that of the problems. */
export function parseWorkflows(files: readonly WorkflowFile[], has: HasFile | null = null): LoadedWorkflows {
  const sources = files.map((file) => openSource(file.path, 'text' in file ? file.text.replace(/^\uFEFF/, '') : ''));
  const trees = sources.map((source, index) => {
    const file = files[index];
    if (file && 'unreadable' in file) source.report({ start: 0, end: 0 }, file.unreadable);
    return file && 'text' in file ? workflowTrees(source) : [];
  });
  const names = new Set(trees.flat().flatMap((tree) => textOf(tree.entries.get('name')?.value) ?? []));
  const all = trees.flatMap((ofFile, index) => {
    const source = sources[index];
    return source ? ofFile.map((tree) => readWorkflow(tree, source, names, has)) : [];
  });
  reportSameNames(all);
  const problems = sources.flatMap((source) => source.problems.toSorted((a, b) => a.line - b.line || a.column - b.column));
  if (problems.some(({ severity }) => severity === 'error')) return { ok: false, problems };
  return { ok: true, workflows: byName(all), hints: problems };
}

function byName(all: readonly Found[]): Map<string, { workflow: Workflow; source: WorkflowSource }> {
  const workflows = new Map<string, { workflow: Workflow; source: WorkflowSource }>();
  for (const { workflow, source, tree } of all) {
    if (workflow) workflows.set(workflow.name, { workflow, source: { file: source.path, line: source.lineOf(headOf(tree)) } });
  }
  return workflows;
}

function readWorkflow(tree: MapTree, source: Source, names: ReadonlySet<string>, has: HasFile | null): Found {
  const before = source.problems.length;
  const provider = providerOf(tree, source, names);
  const schema = provider ? workflowSchemas[provider] : anyWorkflow;
  const values = valuesOf(tree);
  const result = schema.safeParse(values);
  if (!result.success) reportIssues(result.error.issues, tree, provider, source);
  checkWorkflow(tree, provider, source);
  hintAt(tree, provider, source);
  const failed = source.problems.slice(before).some((problem) => problem.severity === 'error');
  // not the schema's own output: it drops a variable called `__proto__`
  const workflow = provider && result.success && !failed ? normalize(values as RawWorkflow, provider) : null;
  if (workflow && has) reportMissing(workflow, tree, source, has);
  if (workflow && has) reportUnwatched(workflow, tree, source, has);
  return { tree, source, provider, workflow };
}

function reportMissing(workflow: Workflow, tree: MapTree, source: Source, has: HasFile): void {
  for (const { key, item, path, mayBeMade } of neededFiles(workflow, null)) {
    if (has(path)) continue;
    const place = nodeAt(tree, [key === 'file' && !tree.entries.has('file') ? 'script' : key, ...(item === undefined ? [] : [item])]);
    const message = `there is no file \`${shown(path)}\` in the project`;
    source.report(pointAt(place.node, place.key), message, mayBeMade ? 'the set-up has to make it' : null, mayBeMade ? 'hint' : 'error');
  }
}

/** A path of `watch` that is not there (yet): nothing of it will change. */
function reportUnwatched(workflow: Workflow, tree: MapTree, source: Source, has: HasFile): void {
  const inMap = nodeAt(tree, ['watch', 'paths']);
  const at = inMap.found ? ['watch', 'paths'] : ['watch'];
  for (const [i, pattern] of (workflow.watch?.paths ?? []).entries()) {
    const path = pathNamed(pattern);
    if (path === null || has(path)) continue;
    const item = nodeAt(tree, [...at, i]);
    const place = item.found ? item : nodeAt(tree, at);
    source.report(
      pointAt(place.node, place.key),
      `there is no \`${shown(path)}\` in the project`,
      'until it is there, nothing of it changes',
      'hint',
    );
  }
}

function reportSameNames(all: readonly Found[]): void {
  const first = new Map<string, Found>();
  for (const workflow of all) {
    const node = workflow.tree.entries.get('name')?.value;
    const name = textOf(node);
    if (!node || name === null) continue;
    const before = first.get(name);
    if (before) {
      const line = before.source.lineOf(headOf(before.tree));
      const place = before.source === workflow.source ? `line ${line}` : `${before.source.path.replace(/^.*(?=\.dstack\/)/, '')}:${line}`;
      workflow.source.report(node.span, `there is a second workflow \`${shown(name)}\``, `the first is at ${place}`);
    } else first.set(name, workflow);
  }
}
