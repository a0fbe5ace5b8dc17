import { unreachable } from '../../shared/result.ts';
import type { Workflow } from '../../shared/workflow/model.ts';
import { bashJobs } from './bash.ts';
import { codeJobs } from './code.ts';
import { dockerJobs } from './docker.ts';
import type { JobSpec } from './job-spec.ts';
import { labJobs } from './lab.ts';
import { notebookJobs } from './notebook.ts';
import { torchrunJobs } from './torchrun.ts';

/** Workflow → job specs. `pythonImage` is the configured image for its Python version. */
export function jobsOf(workflow: Workflow, pythonImage: string): JobSpec[] {
  switch (workflow.provider) {
    case 'bash':
      return bashJobs(workflow, pythonImage);
    case 'docker':
      return dockerJobs(workflow);
    case 'code':
      return codeJobs(workflow, pythonImage);
    case 'lab':
      return labJobs(workflow, pythonImage);
    case 'notebook':
      return notebookJobs(workflow, pythonImage);
    case 'torchrun':
      return torchrunJobs(workflow, pythonImage);
    default:
      return unreachable(workflow);
  }
}
