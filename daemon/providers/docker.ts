import type { DockerWorkflow } from '../../shared/workflow/model.ts';
import { environmentOf } from './commands.ts';
import { commonParts } from './common.ts';
import type { JobSpec, Start } from './job-spec.ts';

/** One job: an image with its own command, or with the workflow's commands. An entrypoint gets the commands as one argument. */
export function dockerJobs(workflow: DockerWorkflow): JobSpec[] {
  const { commands } = workflow;
  const start: Start =
    workflow.entrypoint !== null
      ? { kind: 'image', entrypoint: workflow.entrypoint, command: commands.length > 0 ? [commands.join('\n')] : [] }
      : commands.length > 0
        ? { kind: 'script', commands }
        : { kind: 'image', entrypoint: null, command: null };
  return [{ ...commonParts(workflow), image: workflow.image, environment: environmentOf(workflow), start }];
}
