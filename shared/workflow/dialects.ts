/**
 * Files of the two dialects that came before the one we read. One message per file says so and names the successors of the keys it
 * uses: a list of unknown keys would not tell anyone what happened.
 */
import { providerNames } from './model.ts';
import type { Source, Span } from './source.ts';
import { nodeAt, textOf } from './tree.ts';
import type { MapTree } from './tree.ts';

/** In A (2021 to early 2022) workflows had no provider but an image. */
const successorsOfA: [string, string][] = [
  ['depends-on', '`depends-on` → `deps`, a list of workflows and :tags (nothing of the project needs to be listed)'],
  ['dependencies', '`dependencies` → `deps`, a list of workflows and :tags'],
  ['params', '`params` → `env`, or `${{ run.args }}` in a command'],
  ['variables', '`variables` → `env`, or `${{ run.args }}` in a command'],
  ['id', '`id` → `name`'],
  ['triggers', '`triggers` → no successor'],
];

/** In B (2022, April to July) providers were programs of their own. */
const successorsOfB: [string, string][] = [
  ['depends-on', '`depends-on` → `deps`, a list of workflows and :tags; `NAME:latest` → `NAME`'],
  ['environment', '`environment` → `env`'],
  ['python_script', '`python_script` → a command: `python FILE`'],
];

const providersOfB: ReadonlyMap<string, string> = new Map([
  ['python', '`provider: python` with `file` → `provider: bash` with `commands: [python FILE]`'],
  ['jupyterlab', '`provider: jupyterlab` → `provider: lab`'],
  ['pytorch-ddp', '`provider: pytorch-ddp` → `provider: torchrun`'],
  ['curl', '`provider: curl` with `url` and `output` → `provider: bash` with `commands: [curl -o OUTPUT URL]`'],
  ...['fastapi', 'gradio', 'streamlit', 'tensorboard'].map((name): [string, string] => [
    name,
    `\`provider: ${name}\` → \`provider: bash\` with \`ports: 1\` and a command that starts ${name} on $PORT_0`,
  ]),
]);

/** Reports the dialect of an older file, once; false: it is none. */
export function reportDialect(workflows: readonly MapTree[], source: Source): boolean {
  const found = dialectA(workflows) ?? dialectB(workflows);
  if (!found) return false;
  source.report(found.at, found.message, found.successors.join('\n'));
  return true;
}

interface Found {
  at: Span;
  message: string;
  successors: string[];
}

function dialectA(workflows: readonly MapTree[]): Found | null {
  if (workflows.length === 0 || workflows.some((workflow) => workflow.entries.has('provider'))) return null;
  const tellTales = [...successorsOfA.map(([key]) => key), 'image'];
  const at = firstKey(workflows, tellTales);
  if (!at) return null;
  return {
    at,
    message: 'this file is written in dialect A of dstack (2021 to early 2022), whose workflows have no `provider`',
    successors: ['add `provider: docker` to workflows with an `image`', ...used(workflows, successorsOfA)],
  };
}

function dialectB(workflows: readonly MapTree[]): Found | null {
  const names = new Set(workflows.map((workflow) => textOf(workflow.entries.get('name')?.value)));
  const providers = workflows.flatMap((workflow) => providerOfB(workflow, names));
  const at = providers[0]?.at ?? firstKey(workflows, ['depends-on', 'environment', 'python_script']);
  if (!at) return null;
  const nodes = workflows.some((workflow) => nodeAt(workflow, ['resources', 'nodes']).found)
    ? ['`resources.nodes` → `nodes` of torchrun']
    : [];
  return {
    at,
    message: 'this file is written in dialect B of dstack (April to July 2022)',
    successors: [...new Set(providers.map(({ successor }) => successor)), ...used(workflows, successorsOfB), ...nodes],
  };
}

function providerOfB(workflow: MapTree, names: ReadonlySet<string | null>): { at: Span; successor: string }[] {
  const provider = workflow.entries.get('provider');
  if (!provider) return [];
  const name = textOf(provider.value.kind === 'map' ? provider.value.entries.get('name')?.value : provider.value);
  const successor = name === null ? undefined : providersOfB.get(name);
  if (provider.value.kind === 'map') {
    return [
      {
        at: provider.key,
        successor: successor ?? `\`provider: {repo, name}\` → the name of a provider that is built in: ${providerNames.join(', ')}`,
      },
    ];
  }
  // the name of a workflow is the likelier slip
  return successor && !names.has(name) ? [{ at: provider.value.span, successor }] : [];
}

const used = (workflows: readonly MapTree[], successors: [string, string][]): string[] =>
  successors.filter(([key]) => workflows.some((workflow) => workflow.entries.has(key))).map(([, successor]) => successor);

function firstKey(workflows: readonly MapTree[], keys: readonly string[]): Span | null {
  for (const workflow of workflows) for (const [name, { key }] of workflow.entries) if (keys.includes(name)) return key;
  return null;
}
