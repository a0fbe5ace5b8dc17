import { fail, ok, unreachable, type Result } from '../../shared/result.ts';
import type { Workflow } from '../../shared/workflow/model.ts';
import { bashJobs } from './bash.ts';
import { dockerJobs } from './docker.ts';
import type { JobSpec } from './job-spec.ts';

/** Workflow → job specs. `pythonImage` is the configured image for its Python version. Fails with `not_available` for providers that cannot run yet. */
export function jobsOf(workflow: Workflow, pythonImage: string): Result<JobSpec[]> {
  switch (workflow.provider) {
    case 'bash':
      return ok(bashJobs(workflow, pythonImage));
    case 'docker':
      return ok(dockerJobs(workflow));
    case 'code':
    case 'lab':
    case 'notebook':
    case 'torchrun':
      return fail(
        'not_available',
        `The provider '${workflow.provider}' is checked but cannot run yet`,
        `Until it can, the providers 'bash' and 'docker' run anything that an image holds`,
      );
    default:
      return unreachable(workflow);
  }
}
