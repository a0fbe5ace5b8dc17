/** What `dstack run` and `dstack run WORKFLOW --help` show: read from the workflow files here, no daemon needed. */
import type { Command } from 'commander';
import { relative } from 'node:path';
import { formatDuration, formatSize } from '../../shared/units.ts';
import { loadWorkflows } from '../../shared/workflow/load.ts';
import { providerNames, type LoadedWorkflows, type Workflow, type WorkflowSource } from '../../shared/workflow/model.ts';
import { renderProblem } from '../../shared/workflow/problems.ts';
import { nearest } from '../../shared/workflow/suggest.ts';
import type { Cli } from '../context.ts';
import { exitCodes } from '../exit-codes.ts';
import { optionLines, providerHelp, providerStory } from './provider-help.ts';
import { table } from '../terminal/table.ts';
import { oneLine, printable } from '../terminal/text.ts';
import { usageError } from '../usage.ts';

/** Usage, workflows and providers. Answers the exit status. */
export async function listWorkflows(cli: Cli): Promise<number> {
  const loaded = await load(cli);
  if (!loaded.ok) return complain(cli, loaded);
  cli.out.line('Usage: dstack run [OPTIONS] WORKFLOW [OPTIONS] [ARGS…]\n');
  const workflows = [...loaded.workflows.values()].map(({ workflow }) => workflow);
  const title = (text: string): string => cli.out.style('bold', text);
  const lines =
    workflows.length === 0
      ? ['There are no workflows here: `dstack init` writes a first one.']
      : table<Workflow>({
          rows: workflows,
          width: cli.out.columns(),
          titleStyle: title,
          columns: [
            { title: 'WORKFLOW', value: (workflow) => oneLine(workflow.name), least: 16 },
            { title: 'PROVIDER', value: (workflow) => workflow.provider },
            { title: 'HELP', value: (workflow) => oneLine(workflow.help ?? ''), least: 10 },
          ],
        });
  lines.push(
    '',
    ...table({
      rows: [...providerNames],
      width: cli.out.columns(),
      titleStyle: title,
      columns: [
        { title: 'PROVIDER', value: (name) => name },
        { title: 'HELP', value: (name) => `${providerHelp[name].short}: ${providerHelp[name].usage}`, least: 10 },
      ],
    }),
  );
  lines.push('', '`dstack run NAME --help` says more about one, `dstack run --help` lists the options.');
  for (const line of lines) cli.out.line(line);
  return exitCodes.ok;
}

/** A workflow's own settings, then the options that override them. Answers the exit status. */
export async function showWorkflow(cli: Cli, name: string, run: Command): Promise<number> {
  const loaded = await load(cli);
  if (!loaded.ok) return complain(cli, loaded);
  const found = loaded.workflows.get(name);
  if (!found && (providerNames as readonly string[]).includes(name)) {
    for (const line of providerStory(name as Workflow['provider'], run, cli.out)) cli.out.line(line);
    return exitCodes.ok;
  }
  if (!found) {
    const near = nearest(name, [...loaded.workflows.keys(), ...providerNames]);
    throw usageError(
      `There is no workflow or provider '${name}' in ${cli.projectOrHere()}.`,
      near ? `Did you mean '${near}'?` : '`dstack run` lists them.',
    );
  }
  for (const line of story(cli, found)) cli.out.line(line);
  cli.out.line('\nOptions that override it:');
  for (const line of optionLines(found.workflow.provider, run, cli.out)) cli.out.line(line);
  return exitCodes.ok;
}

async function load(cli: Cli): Promise<LoadedWorkflows> {
  const project = cli.project();
  return project.ok ? loadWorkflows(project.value) : { ok: true, workflows: new Map(), hints: [] };
}

function complain(cli: Cli, { problems }: Extract<LoadedWorkflows, { ok: false }>): number {
  const color = cli.err.style('red', 'x') !== 'x';
  for (const problem of problems) cli.err.line(`${renderProblem(problem, { color, cwd: cli.cwd })}\n`);
  return exitCodes.failure;
}

/** What only some providers have. */
function ofProvider(workflow: Workflow): [string, string[]][] {
  if (workflow.provider === 'torchrun') {
    const { file, args, nodes, artifactsOf } = workflow;
    const saves = artifactsOf === 'all' ? 'each node saves its artifacts' : 'the master saves the artifacts';
    return [
      ['File', [file]],
      ['Arguments', [args.join(' ')]],
      ['Nodes', [nodes === 1 ? '1' : `${nodes}, ${saves}`]],
    ];
  }
  if (!('inactivityDuration' in workflow)) return [];
  const { version, extensions, inactivityDuration: unused } = workflow;
  return [
    ['Version', [version ?? '']],
    ['Extensions', extensions],
    ['Unused for', [unused === null ? '' : unused === 'off' ? 'never stopped for it' : `stopped after ${formatDuration(unused)}`]],
  ];
}

function story(cli: Cli, { workflow, source }: { workflow: Workflow; source: WorkflowSource }): string[] {
  const { resources, ports } = workflow;
  const needs = [
    resources.cpu === null ? '' : `${resources.cpu} CPU`,
    resources.memory === null ? '' : `${formatSize(resources.memory)} memory`,
    resources.shmSize === null ? '' : `${formatSize(resources.shmSize)} shared memory`,
    resources.gpu === null ? '' : `${resources.gpu.count} GPU${resources.gpu.name === null ? '' : ` ${resources.gpu.name}`}`,
    resources.interruptible ? 'interruptible' : '',
  ];
  const facts: [string, string[]][] = [
    ['Provider', [workflow.provider]],
    ['Where', [`${relative(cli.cwd, source.file)}:${source.line}`]],
    ['Needs', [needs.filter(Boolean).join(', ')]],
    ['Deps', workflow.deps.map((dep) => `${dep.kind === 'tag' ? ':' : ''}${dep.project === null ? '' : `${dep.project}/`}${dep.name}`)],
    ['Artifacts', workflow.artifacts.map((artifact) => artifact.path)],
    ['Image', [workflow.image ?? (workflow.python === null ? '' : `for Python ${workflow.python}`)]],
    ['Variables', workflow.env.map((entry) => (entry.value === null ? `${entry.name} (yours)` : `${entry.name}=${entry.value}`))],
    ['Mounts', workflow.mounts.map((mount) => `${mount.source}:${mount.target}${mount.readOnly ? ':ro' : ''}`)],
    [
      'Ports',
      ports === null
        ? []
        : ports.kind === 'count'
          ? [String(ports.count)]
          : ports.ports.map((port) => `${port.host ?? ''}:${port.container}`),
    ],
    ['Time limit', [workflow.maxDuration === null ? '' : formatDuration(workflow.maxDuration)]],
    ['Idle limit', [workflow.idleTimeout === null ? '' : formatDuration(workflow.idleTimeout)]],
    ...ofProvider(workflow),
    ['Setup', workflow.beforeRun.flatMap((text) => text.split('\n'))],
    ['Commands', 'commands' in workflow ? workflow.commands.flatMap((text) => text.split('\n')) : []],
  ];
  const head = cli.out.style('bold', oneLine(workflow.name)) + (workflow.help === null ? '' : `: ${oneLine(workflow.help)}`);
  const lines = facts.flatMap(([name, values]) =>
    values.filter((text) => text !== '').map((text, i) => `  ${(i === 0 ? name : '').padEnd(12)}${printable(text)}`),
  );
  return [head, ...lines];
}
