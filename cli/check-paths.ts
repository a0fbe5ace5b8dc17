import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findProject } from '../shared/project.ts';
import { FailureError, unwrap } from '../shared/result.ts';
import { readWorkflowFile } from '../shared/workflow/files.ts';
import { loadWorkflows, parseWorkflows, type HasFile } from '../shared/workflow/load.ts';
import type { LoadedWorkflows, Problem } from '../shared/workflow/model.ts';
import type { Cli } from './context.ts';

export interface Checked {
  problems: Problem[];
  /** how many were read without a problem in their file */
  workflows: number;
}

/** Reads the workflow files of `paths` (files, or projects and folders within them). */
export async function checkPaths(cli: Cli, paths: string[]): Promise<Checked> {
  const loaded = await Promise.all(
    paths.length === 0 ? [loadProject(unwrap(cli.project()))] : paths.map((path) => load(resolve(cli.cwd, path))),
  );
  return {
    problems: loaded.flatMap((one) => (one.ok ? one.hints : one.problems)),
    workflows: loaded.reduce((sum, one) => sum + (one.ok ? one.workflows.size : 0), 0),
  };
}

const filesOf =
  (project: string): HasFile =>
  (path) =>
    existsSync(join(project, path));

const loadProject = (project: string): Promise<LoadedWorkflows> => loadWorkflows(project, filesOf(project));

async function load(path: string): Promise<LoadedWorkflows> {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const project = findProject(path);
    if (project !== null) return loadProject(project);
    throw new FailureError({
      code: 'no_project',
      message: `There is no .dstack/workflows.yaml in ${path} or above it.`,
      hint: '`dstack init`, in that folder, makes one.',
    });
  }
  const file = await readWorkflowFile(path);
  if (file === null)
    throw new FailureError({
      code: 'no_such_file',
      message: `There is no file ${path}.`,
      hint: 'Name a project or a workflow file; without a path it is the project around here.',
    });
  const project = findProject(dirname(path));
  return parseWorkflows([file], project === null ? null : filesOf(project));
}
