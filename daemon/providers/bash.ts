import type { BashWorkflow } from '../../shared/workflow/model.ts';
import { environmentOf } from './commands.ts';
import { commonParts } from './common.ts';
import type { JobSpec } from './job-spec.ts';

/** One job: the commands, in the workflow's image or that of its Python version. */
export const bashJobs = (workflow: BashWorkflow, pythonImage: string): JobSpec[] => [
  {
    ...commonParts(workflow),
    image: workflow.image ?? pythonImage,
    environment: environmentOf(workflow),
    start: { kind: 'script', commands: workflow.commands },
  },
];
