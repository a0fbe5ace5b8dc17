import type { DevEnvironmentWorkflow } from '../../shared/workflow/model.ts';
import type { JobSpec } from './job-spec.ts';
import { jupyterJobs } from './jupyter.ts';

/** One job: Jupyter Notebook. */
export const notebookJobs = (workflow: DevEnvironmentWorkflow, pythonImage: string): JobSpec[] =>
  jupyterJobs(workflow, pythonImage, {
    name: 'notebook',
    title: 'Jupyter Notebook',
    program: 'jupyter-notebook',
    requirement: 'notebook',
    page: '/tree',
    // up to 6 JupyterLab is loaded with it, and tells at length where its own options have gone
    options: ['--JupyterNotebookApp.log_level=WARN', '--LabApp.log_level=ERROR'],
  });
