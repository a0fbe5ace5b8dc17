import type { Workflow } from '../../shared/workflow/model.ts';
import { shellQuote } from './script.ts';

/** What comes before a workflow's own commands: its requirements, then its set-up. */
export const preparation = (workflow: Workflow): string[] => [
  ...(workflow.requirements === null ? [] : [`pip install -r ${shellQuote(workflow.requirements)}`]),
  ...workflow.beforeRun,
];
