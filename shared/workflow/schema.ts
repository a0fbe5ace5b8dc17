/** The workflow file as zod schemas: what load.ts validates with, and what the JSON Schema for editors is made of. */
import { z } from 'zod';
import { providerNames, pythonVersions } from './model.ts';
import type { ProviderName } from './model.ts';
import * as forms from './schema-forms.ts';
import {
  parseInactivity,
  parseLimit,
  parseMemory,
  parseName,
  parseNodes,
  parsePositiveSize,
  parsePriority,
  parsePython,
  parseRetry,
  parseVersion,
  parseWorkingDir,
} from './values.ts';

const flag = z.boolean({ error: 'true or false' });

export const resources = z.strictObject(
  {
    cpu: forms.cpu.optional().meta({ description: 'Cores, a limit', examples: [4, 0.5] }),
    memory: forms
      .parsed(parseMemory, 'a size')
      .optional()
      .meta({ description: 'A limit; MB and GB are decimal, MiB and GiB binary', examples: ['16GB', '8GiB'] }),
    shm_size: forms
      .parsed(parsePositiveSize, 'a size')
      .optional()
      .meta({ description: 'Shared memory (/dev/shm), for data loaders with workers', examples: ['8GB'] }),
    gpu: forms.gpu.optional().meta({ description: 'GPUs of the run’s own', examples: [1, { name: 'A100', count: 2 }, { memory: '16GB' }] }),
    interruptible: flag
      .optional()
      .meta({ description: 'May run on capacity that others have a better claim to, and be interrupted for them' }),
    local: z.unknown().optional().meta({ description: 'Ignored: of an older dstack', deprecated: true }),
    remote: z.unknown().optional().meta({ description: 'Ignored: of an older dstack', deprecated: true }),
  },
  { error: 'a map of resources: cpu, memory, shm_size, gpu, interruptible' },
);

const common = {
  name: forms.parsed(parseName, 'a name').meta({ description: 'What `dstack run` calls it', examples: ['train'] }),
  help: forms.words().optional().meta({ description: 'What the workflow does' }),
  deps: forms.deps.optional().meta({
    description: 'Tags and workflows whose artifacts are mounted, read-only, where they were saved',
    examples: [[':some_tag', 'prepare', ':owner/repo/tag', { tag: 'some_tag' }, { workflow: 'prepare' }]],
  }),
  artifacts: forms.artifacts.optional().meta({
    description: 'Folders to save, relative to the working directory or absolute',
    examples: [['checkpoint'], [{ path: '/opt/conda/envs/x' }]],
  }),
  env: forms.env
    .optional()
    .meta({ description: 'Variables; a bare name takes the submitter’s value', examples: [['LR=0.1', 'WANDB_API_KEY'], { LR: 0.1 }] }),
  python: forms
    .parsedOrNumber(parsePython, `a version of Python: ${pythonVersions.join(', ')}`)
    .optional()
    .meta({ description: `A version of Python: ${pythonVersions.join(', ')}. 3.10 needs no quotes`, examples: [3.11, '3.10'] }),
  requirements: forms
    .words('a file')
    .optional()
    .meta({ description: 'A file for `pip install -r`, before the commands', examples: ['requirements.txt'] }),
  setup: forms.commands.optional().meta({ description: 'Commands before the main ones', examples: [['pip install -r requirements.txt']] }),
  before_run: forms.commands.optional().meta({ description: 'The older name of `setup`' }),
  working_dir: forms
    .parsed(parseWorkingDir, 'a folder')
    .optional()
    .meta({ description: 'The folder of the project to run in', examples: ['src'] }),
  resources: resources.optional().meta({ description: 'What the run needs of its host' }),
  ports: forms.ports.optional().meta({
    description: 'How many ports ($PORT_0, …), or which: 3000 at 3000 of this machine, "HOST:CONTAINER", ":3000" at any free one',
    examples: [1, [3000], ['8000:80'], [':3000']],
  }),
  mounts: forms.mounts.optional().meta({
    description: 'Folders of the host, SOURCE:TARGET or SOURCE:TARGET:ro',
    examples: [['/data/imagenet:/data:ro', '~/.cache/pip:/root/.cache/pip']],
  }),
  max_duration: forms
    .parsed(parseLimit, 'a duration')
    .optional()
    .meta({ description: 'The run is stopped after it', examples: ['2h', '1h30m', '3d'] }),
  idle_timeout: forms
    .parsed(parseLimit, 'a duration')
    .optional()
    .meta({ description: 'The run is stopped when its GPUs (without GPUs: its CPUs) did nothing for so long', examples: ['30m', '2h'] }),
  priority: forms
    .number(parsePriority, 'a whole number')
    .optional()
    .meta({ description: 'Higher goes first; usual is 0', examples: [10] }),
  retry: forms
    .number(parseRetry, 'a whole number')
    .optional()
    .meta({ description: 'How often to try again after a failure', examples: [2] }),
  image: forms
    .words('an image')
    .optional()
    .meta({ description: 'A Docker image in place of the configured one', examples: ['pytorch/pytorch:2.4.0-cuda12.1-cudnn9-runtime'] }),
  registry_auth: z
    .strictObject({ username: forms.words('a name'), password: forms.words('a password') }, { error: '{username, password}' })
    .optional()
    .meta({
      description: 'For a private registry',
      examples: [{ username: '${{ secrets.REGISTRY_USER }}', password: '${{ secrets.REGISTRY_TOKEN }}' }],
    }),
  watch: forms.watch.optional().meta({
    description: 'Which changes of the project’s files run it again, with `dstack run --watch`; without it, of all of them',
    examples: [['src', 'conf'], { paths: ['src'], ignore: ['*.md'] }],
  }),
  cache: z.unknown().optional().meta({ description: 'Ignored: use `mounts`', deprecated: true }),
  ssh: z.unknown().optional().meta({ description: 'Ignored: of an older dstack', deprecated: true }),
  home_dir: z.unknown().optional().meta({ description: 'Ignored: of an older dstack', deprecated: true }),
};

const commandsMeta = {
  description: 'Shell commands, run in order until one fails; a list, or a block behind `|`',
  examples: [['python train.py']],
};
const developer = (provider: 'code' | 'lab' | 'notebook', what: string) =>
  z.strictObject({
    ...common,
    provider: z.literal(provider).meta({ description: what }),
    version: forms.parsedOrNumber(parseVersion, 'a version').optional().meta({ description: `The version of it to install` }),
    inactivity_duration: forms
      .parsed(parseInactivity, 'a duration, or off')
      .optional()
      .meta({
        description: 'It is stopped when for so long no kernel was busy, no terminal in use and no browser connected; off: never',
        examples: ['30m', '2h', 'off'],
      }),
  });

/** One per provider. Of torchrun's `file` and `script` one is needed; checks.ts sees to that. */
export const workflowSchemas = {
  bash: z.strictObject({
    ...common,
    provider: z.literal('bash').meta({ description: 'Runs shell commands' }),
    commands: forms.commands.meta(commandsMeta),
  }),
  code: developer('code', 'VS Code in the browser').extend({
    extensions: z
      .array(forms.words('an extension'), { error: 'a list of extensions' })
      .optional()
      .meta({ description: 'Extensions to install', examples: [['ms-python.python']] }),
  }),
  docker: z.strictObject({
    ...common,
    provider: z.literal('docker').meta({ description: 'Runs a Docker image' }),
    image: forms.words('an image').meta({ description: 'The image', examples: ['ubuntu'] }),
    commands: forms.commands
      .optional()
      .meta({ ...commandsMeta, description: `${commandsMeta.description}. Without them the image starts what it always does` }),
    entrypoint: forms.entrypoint
      .optional()
      .meta({ description: 'In place of the image’s own', examples: ['/bin/bash -c', ['/bin/bash', '-c']] }),
  }),
  lab: developer('lab', 'JupyterLab'),
  notebook: developer('notebook', 'Jupyter Notebook'),
  torchrun: z.strictObject({
    ...common,
    provider: z.literal('torchrun').meta({ description: 'Runs distributed training' }),
    file: forms
      .words('a Python file')
      .optional()
      .meta({ description: 'The Python file to run', examples: ['train.py'] }),
    script: forms.words('a Python file').optional().meta({ description: 'The older name of `file`' }),
    args: forms.args
      .optional()
      .meta({ description: 'Its arguments; text or list', examples: ['--epochs 3 ${{ run.args }}', ['--epochs', 3]] }),
    nodes: forms
      .number(parseNodes, 'a number of nodes')
      .optional()
      .meta({ description: 'How many nodes, each a job with the resources; 1 where it is missing' }),
    artifacts_of: z
      .enum(['master', 'all'], { error: 'master or all' })
      .optional()
      .meta({ description: 'Which nodes save the artifacts: `master` (usual) or `all`', examples: ['all'] }),
  }),
} satisfies Record<ProviderName, z.ZodType>;

/** Keys of a provider's workflows. */
export const keysOf = (provider: ProviderName): string[] => Object.keys(workflowSchemas[provider].shape);

/** For a workflow whose provider is not known: every key of every provider, none needed but the name. */
export const anyWorkflow = z.strictObject({
  ...workflowSchemas.bash.partial().shape,
  ...workflowSchemas.docker.partial().shape,
  ...workflowSchemas.torchrun.partial().shape,
  ...workflowSchemas.code.partial().shape,
  name: common.name,
  provider: z.unknown().optional(),
});

/** Keys that only load, for older files: not worth suggesting. */
export const ignoredKeys: readonly string[] = ['cache', 'ssh', 'home_dir', 'local', 'remote'];

/** The JSON Schema of a workflow file (draft 7, which the YAML extensions of editors read). */
export function jsonSchema(): object {
  const file = z.strictObject({
    workflows: z
      .array(
        z.discriminatedUnion('provider', [
          workflowSchemas.bash,
          workflowSchemas.docker,
          workflowSchemas.code,
          workflowSchemas.lab,
          workflowSchemas.notebook,
          workflowSchemas.torchrun,
        ]),
      )
      .meta({ description: `The project’s workflows. Providers: ${providerNames.join(', ')}` }),
  });
  const schema = z.toJSONSchema(file, { target: 'draft-7', io: 'input', reused: 'ref' });
  return {
    ...schema,
    title: 'dstack workflows',
    description: '.dstack/workflows.yaml and .dstack/workflows/*.yaml',
    // a place for anchors
    patternProperties: { '^x-': {} },
  };
}
