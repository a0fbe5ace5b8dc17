import type { DevEnvironmentWorkflow } from '../../shared/workflow/model.ts';
import { jupyterApp, jupyterPath, withAppPort } from './app.ts';
import { commonParts } from './common.ts';
import { installingByPip, nothingToInstall, pipOrUv } from './installing.ts';
import type { JobSpec } from './job-spec.ts';
import { titleOf } from './shown-commands.ts';
import { shellQuote } from './script.ts';

interface Server {
  name: 'lab' | 'notebook';
  program: 'jupyter-lab' | 'jupyter-notebook';
  /** as pip knows it */
  requirement: string;
  page: '/lab' | '/tree';
  /** what saves time or asks somebody on the Internet */
  options: string[];
}

/**
 * One job: a server of Jupyter. From the image where it has it, else from the environment. The options are those that the servers of all versions since
 * Notebook 5 and JupyterLab 3 understand; it listens on all addresses of its container, of which only this machine knows one. Its log has what goes wrong:
 * the addresses that it would print are not those at which it is published.
 */
export function jupyterJobs(workflow: DevEnvironmentWorkflow, pythonImage: string, server: Server): JobSpec[] {
  const common = commonParts(workflow);
  const wanted = workflow.version === null ? server.requirement : `${server.requirement}==${workflow.version}`;
  const install = pipOrUv(shellQuote(wanted), nothingToInstall(titleOf(server.name)));
  const start = [
    server.program,
    ...['--ip=0.0.0.0', '--port=$PORT_0', '--port-retries=0', '--no-browser', '--allow-root'],
    ...['--notebook-dir=/workflow', '--log-level=WARN', ...server.options],
  ];
  return [
    {
      ...common,
      image: workflow.image ?? pythonImage,
      ports: withAppPort(common.ports),
      environment: {
        requirements: workflow.requirements,
        install: [
          installingByPip(
            titleOf(server.name),
            workflow.version === null ? `command -v ${server.program} >/dev/null || {\n${install}\n}` : install,
          ),
        ],
        setup: workflow.beforeRun,
      },
      app: jupyterApp(server.name, jupyterPath(server.page, workflow.workingDir)),
      start: { kind: 'script', commands: [start.join(' ')] },
    },
  ];
}
