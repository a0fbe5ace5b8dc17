import { relative } from 'node:path';
import type { Overrides } from '../../../shared/api.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import { readWorkflowFiles } from '../../../shared/workflow/files.ts';
import { loadWorkflows } from '../../../shared/workflow/load.ts';
import {
  providerNames,
  type LoadedWorkflows,
  type ProviderName,
  type Workflow,
  type WorkflowSource,
} from '../../../shared/workflow/model.ts';
import { applyOverrides, workflowFromProvider } from '../../../shared/workflow/overrides.ts';
import { renderProblem } from '../../../shared/workflow/problems.ts';
import { nearest } from '../../../shared/workflow/suggest.ts';

/** That there is none: the file may be gone, or be empty. */
async function withoutAny(projectDir: string): Promise<string> {
  const files = await readWorkflowFiles(projectDir);
  return files.length === 0 ? 'There is no .dstack/workflows.yaml in the project' : 'The project has no workflows';
}

/** The line at which the workflow after this one begins in its file. */
const nextWorkflow = (loaded: LoadedWorkflows & { ok: true }, source: WorkflowSource): number =>
  Math.min(
    ...[...loaded.workflows.values()].filter((w) => w.source.file === source.file && w.source.line > source.line).map((w) => w.source.line),
  );

const isProvider = (name: string): name is ProviderName => (providerNames as readonly string[]).includes(name);

/**
 * The workflow that `target` names in the project, else the provider of that name, with the command line's overrides. `named`: it is one of the
 * file. Fails with `invalid_workflows` (every problem rendered) and `no_such_workflow`.
 */
export async function findWorkflow(
  projectDir: string,
  target: string,
  overrides: Overrides,
  args: string[],
): Promise<Result<{ workflow: Workflow; named: boolean; hints: string[] }>> {
  const loaded = await loadWorkflows(projectDir);
  if (!loaded.ok) {
    const all = loaded.problems.map((problem) => renderProblem(problem, { cwd: projectDir })).join('\n\n');
    return fail('invalid_workflows', all, 'Nothing was run');
  }
  const found = loaded.workflows.get(target);
  if (!found && !isProvider(target)) {
    const known = [...loaded.workflows.keys()];
    const near = nearest(target, [...known, ...providerNames]);
    const list = known.length === 0 ? await withoutAny(projectDir) : `Its workflows are: ${known.join(', ')}`;
    return fail('no_such_workflow', `No workflow or provider '${target}' is found`, near ? `Did you mean '${near}'?` : list);
  }
  const workflow = found ? applyOverrides(found.workflow, overrides) : workflowFromProvider(target as ProviderName, overrides, args);
  if (!workflow.ok) return workflow;
  const hints = found
    ? loaded.hints
        .filter(
          (hint) => hint.file === found.source.file && hint.line >= found.source.line && hint.line < nextWorkflow(loaded, found.source),
        )
        .map(
          (hint) => `${relative(projectDir, hint.file)}:${hint.line}:${hint.column}: ${hint.message}${hint.hint ? `. ${hint.hint}` : ''}`,
        )
    : [];
  return ok({ workflow: workflow.value, named: found !== undefined, hints });
}
