/** What `dstack run PROVIDER --help` says of a provider: what it is, examples, the keys that a workflow of it has, and the options that it takes. */
import type { Command, Option } from 'commander';
import type { ProviderName } from '../../shared/workflow/model.ts';
import { ignoredKeys, workflowSchemas } from '../../shared/workflow/schema.ts';
import type { Output } from '../terminal/output.ts';
import { table } from '../terminal/table.ts';
import { examples } from '../usage.ts';

interface ProviderHelp {
  usage: string;
  /** for the list of providers */
  short: string;
  what: string;
  examples: [command: string, does: string][];
}

const keeps = `What is changed outside of its artifacts is gone when it ends: name the folders to
keep with -a.`;

const server = (what: string): string =>
  `It is ${what} in a container, the project's files before it. From the image if that
has it, else installed into its cached environment. The URL, with a token that
is random for each run, is printed when it answers, and \`dstack ps\` shows it.
${keeps}`;

export const providerHelp: Record<ProviderName, ProviderHelp> = {
  bash: {
    usage: "dstack run bash -c 'COMMAND'",
    short: 'shell commands',
    what: "Runs shell commands in the image of a Python version, or in the workflow's own.",
    examples: [
      ["dstack run bash -c 'python train.py' --gpu 1 -a model", 'save the folder model'],
      ['dstack run bash python train.py --epochs 3', 'what follows is the command'],
      ["dstack run bash -c 'tensorboard --logdir logs --port $PORT_0 --bind_all' -p 1", 'with a port'],
    ],
  },
  docker: {
    usage: "dstack run docker IMAGE [-c 'COMMAND']",
    short: 'an image, with its own command or yours',
    what: 'Runs a Docker image: what it starts by itself, or commands.',
    examples: [
      ["dstack run docker ubuntu -c 'nvidia-smi' --gpu 1", 'a command'],
      ['dstack run docker nginx -p 8080:80', 'its own command, with port 80 at 8080'],
    ],
  },
  lab: {
    usage: 'dstack run lab',
    short: 'JupyterLab',
    what: server('JupyterLab'),
    examples: [
      ['dstack run lab -a output --gpu 1 --gpu-name K80', 'with a GPU; save the folder output'],
      ['dstack run lab --open --inactivity-duration 1h', 'in the browser; stopped when unused for an hour'],
      ['dstack run lab -d', 'in the background; `dstack ps` has the URL'],
    ],
  },
  notebook: {
    usage: 'dstack run notebook',
    short: 'Jupyter Notebook',
    what: server('Jupyter Notebook'),
    examples: [
      ['dstack run notebook -r requirements.txt --open', 'with your packages, in the browser'],
      ['dstack run notebook --server-version 7.4.0', 'that version'],
    ],
  },
  code: {
    usage: 'dstack run code',
    short: 'VS Code in the browser',
    what: `It is a VS Code server in a container, opened at the project. From the image if
that has openvscode-server or code-server, else the one of the config (\`code\`).
The URL, with a token that is random for each run, is printed when it answers,
and \`dstack ps\` shows it. For the VS Code of your desktop: dstack code RUN
${keeps}`,
    examples: [
      ['dstack run code --gpu 1 --open', 'with a GPU, in the browser'],
      ['dstack run code -p 1', 'with a port of its own, $PORT_1'],
    ],
  },
  torchrun: {
    usage: 'dstack run torchrun FILE [ARGS…]',
    short: 'training on several GPUs, in one container or several',
    what: 'Runs a Python file with torchrun on one or several nodes, each a container with\nthe resources that are asked for.',
    examples: [['dstack run torchrun train.py --nodes 2 --gpu 1 --epochs 3', 'two nodes with a GPU each']],
  },
};

/** The help as lines. */
export function providerStory(provider: ProviderName, run: Command, out: Output): string[] {
  const { usage, what, examples: shown } = providerHelp[provider];
  const keys = Object.entries(workflowSchemas[provider].shape).filter(([key]) => !ignoredKeys.includes(key) && key !== 'name');
  return [
    `Usage: ${usage} [OPTIONS]`,
    '',
    what,
    examples(shown),
    '',
    'Keys of such a workflow in .dstack/workflows.yaml, beside its name:',
    ...table({
      rows: keys,
      width: out.columns(),
      columns: [
        { title: '  KEY', value: ([key]) => `  ${key}` },
        {
          title: 'WHAT',
          value: ([, schema]) => String((schema.meta() as { description?: string } | undefined)?.description ?? ''),
          least: 20,
        },
      ],
    }).slice(1),
    '',
    'Options:',
    ...optionLines(provider, run, out),
  ];
}

/** The options of `run` that a provider takes, as lines. */
export function optionLines(provider: ProviderName, run: Command, out: Output): string[] {
  const help = run.createHelp();
  help.prepareContext({ helpWidth: out.columns() ?? 100 });
  const options = help.visibleOptions(run).filter((option) => isFor(provider, option));
  const column = Math.max(...options.map((option) => help.optionTerm(option).length));
  return options.map((option) => help.formatItem(help.optionTerm(option), column, help.optionDescription(option), help));
}

/** An option that only some providers have names them in brackets at the end of its description. */
function isFor(provider: ProviderName, { description }: Option): boolean {
  const named = /\(([a-z, ]+)\)$/.exec(description)?.[1]?.split(', ');
  return named === undefined || named.includes(provider);
}
