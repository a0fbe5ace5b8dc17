import type { DevEnvironmentWorkflow } from '../../shared/workflow/model.ts';
import { withAppPort, workFolder } from './app.ts';
import { findServer } from './code-script.ts';
import { environmentOf } from './commands.ts';
import { commonParts } from './common.ts';
import { installing } from './installing.ts';
import type { JobSpec } from './job-spec.ts';
import { shellQuote, stateMount } from './script.ts';

/**
 * One job: a VS Code server for the browser. The image's, or else that of the config, which is mounted; one that a `version` asks for is always the latter.
 * The token is named as VS Code names it (`tkn`).
 */
export function codeJobs(workflow: DevEnvironmentWorkflow, pythonImage: string): JobSpec[] {
  const common = commonParts(workflow);
  const server = { version: workflow.version };
  const ours = workflow.version === null ? '' : ' ours';
  const { extensions } = workflow;
  // those that lie in the project are installed where its files are
  const own = extensions.filter((one) => one.endsWith('.vsix'));
  const published = extensions.filter((one) => !own.includes(one));
  return [
    {
      ...common,
      image: workflow.image ?? pythonImage,
      ports: withAppPort(common.ports),
      environment:
        extensions.length === 0
          ? environmentOf(workflow)
          : {
              requirements: workflow.requirements,
              install: installExtensions(published, ours.trim()),
              setup: [...workflow.beforeRun, ...installExtensions(own, ours.trim())],
              server,
            },
      app: {
        name: 'code',
        port: 0,
        path: '/',
        query: {},
        tokenParameter: 'tkn',
        tokenVariable: 'DSTACK_CODE_TOKEN',
        server,
      },
      start: { kind: 'script', commands: [`sh ${stateMount}/code ${shellQuote(workFolder(workflow.workingDir))}${ours}`] },
    },
  ];
}

/** One by one, each in a shell of its own: the one that cannot be installed can be named. */
const installExtensions = (extensions: readonly string[], ours: string): string[] =>
  extensions.map((extension) =>
    installing(
      `the extension ${extension}`,
      `(\n${findServer(ours)}\n"$dstack_server" --install-extension ${shellQuote(extension)} </dev/null\n)`,
    ),
  );
