import type { DevEnvironmentWorkflow } from '../../shared/workflow/model.ts';
import type { JobSpec } from './job-spec.ts';
import { jupyterJobs } from './jupyter.ts';

/** One job: Jupyter Notebook. */
export const notebookJobs = (workflow: DevEnvironmentWorkflow, pythonImage: string): JobSpec[] =>
  jupyterJobs(workflow, pythonImage, {
    name: 'notebook',
    program: 'jupyter-notebook',
    requirement: 'notebook',
    page: '/tree',
    // those that are loaded with it do not take its own level
    options: ['--JupyterNotebookApp.log_level=WARN', '--LabApp.log_level=WARN'],
  });
