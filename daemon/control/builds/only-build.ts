import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import type { JobSpec } from '../../providers/job-spec.ts';

/** The job that only builds what the workflow's runs start from: no commands, no GPUs, nothing saved or served. Fails with `no_environment` where there is nothing to build. */
export function onlyBuild(workflow: Workflow, [job]: readonly JobSpec[]): Result<JobSpec[]> {
  const { environment } = job ?? {};
  if (!job || !environment || (environment.requirements === null && environment.install.length + environment.setup.length === 0)) {
    return fail(
      'no_environment',
      `The workflow '${workflow.name}' starts from its image as it is: it has no 'requirements' and no set-up`,
      'There is nothing to build: run it',
    );
  }
  const start: JobSpec['start'] = { kind: 'script', commands: [] };
  return ok([{ ...job, start, artifacts: [], ports: [], gpu: null, app: environment.server ? (job.app ?? null) : null, gang: null }]);
}
