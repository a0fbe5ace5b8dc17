import type { DevEnvironmentWorkflow } from '../../shared/workflow/model.ts';
import type { JobSpec } from './job-spec.ts';
import { jupyterJobs } from './jupyter.ts';

/** One job: JupyterLab. It asks nobody for news or newer versions. */
export const labJobs = (workflow: DevEnvironmentWorkflow, pythonImage: string): JobSpec[] =>
  jupyterJobs(workflow, pythonImage, {
    name: 'lab',
    program: 'jupyter-lab',
    requirement: 'jupyterlab',
    page: '/lab',
    options: ['--LabApp.log_level=WARN', '--LabApp.news_url=None', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate'],
  });
