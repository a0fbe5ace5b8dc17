import { Command } from 'commander';
import type { ProviderName } from '../../shared/workflow/model.ts';
import type { Overrides, SubmitRequest, Submitted } from '../../shared/api.ts';
import { FailureError, ok, unwrap, type Result } from '../../shared/result.ts';
import { attach } from '../runs/attach.ts';
import type { ApiFailure } from '../talk/client.ts';
import type { Cli } from '../context.ts';
import { withOwnValue } from '../runs/env-option.ts';
import { warn } from '../runs/warn.ts';
import { collect, examples, setting, usageError } from '../usage.ts';

interface RunOptions extends Omit<Overrides, 'artifacts' | 'deps' | 'mounts' | 'commands' | 'image' | 'file' | 'version' | 'watch'> {
  help?: boolean;
  detach?: boolean;
  open?: boolean;
  serverVersion?: string;
  tag?: string;
  artifact?: string[];
  dep?: string[];
  mount?: string[];
  command?: string[];
  watch?: string[] | true;
}

const notes = `
WORKFLOW is one of .dstack/workflows.yaml, or a provider (bash, docker, lab,
notebook, code, torchrun) with everything it needs on the command line.
\`dstack run\` lists them; \`dstack run WORKFLOW --help\` shows a workflow's own
settings, \`dstack run PROVIDER --help\` what a provider is and takes.

Options may stand before and after WORKFLOW. What follows it and is no option of
dstack goes to the workflow, as \${{ run.args }}; after \`--\` everything does.

--watch takes PATHs only where it stands after WORKFLOW: all words up to the
next option. \`--watch=PATH\` (repeatable) may stand anywhere. The files are those
that a run takes (.gitignore, .dstackignore), and only their content counts. A
change ends what runs and starts it again with the files as they are then; GPUs
are kept all the while. On a terminal: r runs it again, s stops what runs,
d detaches, q quits, ? shows the keys.

Attached (without -d), the exit status is the workflow's own; 130 when it was
stopped; of a watch that of its last attempt, 130 when that had not ended by
itself. Ctrl+C asks whether to stop it or to detach. Without a terminal, SIGINT
and SIGTERM detach: the run goes on.`;

export const command = (cli: Cli): Command =>
  new Command('run')
    .description('Submit a workflow and follow it to its end.')
    .usage('[OPTIONS] WORKFLOW [OPTIONS] [ARGS…]')
    .argument('[workflow]', 'a workflow, or a provider')
    .argument('[args...]', 'passed to the workflow (docker: the IMAGE comes first; torchrun: the FILE)')
    .helpOption(false)
    .option('-h, --help', 'Show this help; after WORKFLOW, what it is and how it is set.')
    .option('-d, --detach', 'Print the name of the run and return at once.')
    .option('-t, --tag <tag>', 'Tag the run when it is done; a tag of that name moves here.')
    .option('-e, --env <name=value>', 'Set a variable; a bare NAME takes your own value. Repeatable.', collect)
    .option('-a, --artifact <path>', 'Save this folder, instead of those in the file. Repeatable.', collect)
    .option('--dep <dep>', 'Mount the artifacts of `:tag` or `workflow`, instead of those in the file. Repeatable.', collect)
    .option('-w, --working-dir <path>', 'Where the commands run, below the project.')
    .option('-r, --requirements <file>', 'Install this requirements file first.')
    .option('--python <version>', 'The version of Python.')
    .option('-c, --command <command>', 'Run this, instead of the commands in the file. Repeatable. (bash, docker)', collect)
    .option('--mount <source:target[:ro]>', 'Mount a folder of the host. Repeatable.', collect)
    .option('-p, --ports <ports>', 'How many ports, or which: 8000:80,9000:9000.')
    .option('--cpu <cores>', 'CPU cores.')
    .option('--memory <size>', 'Memory, such as 16GB.')
    .option('--shm-size <size>', 'Shared memory (/dev/shm).')
    .option('--gpu <count>', 'GPUs.')
    .option('--gpu-name <name>', 'Their model, such as A100.')
    .option('--gpu-memory <size>', 'The least memory of each.')
    .option('-i, --interruptible', 'May be interrupted by runs that are not, and goes on later.')
    .option('--max-duration <time>', 'Stop it after this time, such as 2h.')
    .option('--idle-timeout <time>', 'Stop it when its GPUs (without any: its CPUs) did nothing for this time, such as 30m.')
    .option('--priority <n>', 'Higher goes first; 0 is usual.', setting('--priority'))
    .option('--retry <n>', 'Attempts after a failure.', setting('--retry'))
    .option('--inactivity-duration <time>', 'Stop it when nobody and nothing worked in it for this time; off: never. (code, lab, notebook)')
    .option('--server-version <version>', 'The version of the server. (code, lab, notebook)')
    .option('--watch [path…]', "Run it again whenever the project's files change, or only these and what is below them.", collectAlso)
    .option('--open', 'Open what it serves in the browser.')
    .option('--nodes <n>', 'Containers that train together. (torchrun)', setting('--nodes'))
    .addHelpText('after', notes)
    .addHelpText(
      'after',
      examples([
        ['dstack run train', 'run it and show its output'],
        ['dstack run train -d -t best --gpu 2', 'with 2 GPUs, in the background; tag it when done'],
        ['dstack run train --watch', 'again at every change of a file'],
        ['dstack run train --watch src conf.yaml', 'only of these'],
        ['dstack run train --epochs 3', 'pass --epochs 3 to the workflow'],
        ['dstack run train -- --gpu 3', 'pass --gpu 3 to the workflow'],
        ["dstack run docker ubuntu -c 'nvidia-smi' --gpu 1", 'no workflow file needed'],
      ]),
    )
    .action((workflow: string | undefined, args: string[], options: RunOptions, self: Command) => run(cli, self, workflow, args, options));

async function run(cli: Cli, self: Command, workflow: string | undefined, args: string[], options: RunOptions): Promise<void> {
  if (workflow === undefined) {
    if (options.help) return self.outputHelp();
    const { offerFirstWorkflows } = await import('../first-use/offer.ts');
    if ((await offerFirstWorkflows(cli)) !== null) return;
    const { listWorkflows } = await import('../runs/workflow-help.ts');
    cli.exitCode = await listWorkflows(cli);
    return;
  }
  if (options.help) {
    const { showWorkflow } = await import('../runs/workflow-help.ts');
    cli.exitCode = await showWorkflow(cli, workflow, self);
    return;
  }
  if (options.open && options.detach)
    throw usageError('--open waits for what the run serves, and -d for nothing.', 'Leave one of them out.');
  const request = await compose(cli, workflow, args, options);
  const answer = submit(cli, request);
  const accepted = await answer.catch(async (error: unknown) => {
    const { afterNoProject } = await import('../first-use/offer.ts');
    return afterNoProject(cli, workflow, error, () => submit(cli, request));
  });
  if (accepted === null) return;
  const { run: submitted, warnings } = accepted;
  warn(cli, warnings);
  if (options.detach && submitted.watch && cli.client.sendsFiles)
    warn(cli, [`nobody watches the files until somebody attaches from here: dstack attach ${submitted.name}`]);
  if (options.detach) return cli.out.line(submitted.name);
  const watch = (submitted.watch ?? null) !== null;
  const first = watch ? (await import('../watch/welcome.ts')).welcome(cli, submitted.name) : submitted.name;
  cli.err.line(cli.err.style('dim', first));
  cli.exitCode = await attach(cli, submitted.name, { open: options.open === true, watch });
}

/** The command line as a request. */
async function compose(cli: Cli, target: string, args: string[], options: RunOptions): Promise<SubmitRequest> {
  const { help: _, detach: __, open: ___, serverVersion, tag, artifact, dep, mount, command: commands, env, watch, ...same } = options;
  const overrides: Overrides = {
    ...same,
    ...(env && { env: env.map((entry) => withOwnValue(entry, cli.env)) }),
    ...(artifact && { artifacts: artifact }),
    ...(dep && { deps: dep }),
    ...(mount && { mounts: mount }),
    ...(commands && { commands }),
    ...(serverVersion !== undefined && { version: serverVersion }),
    ...(watch && { watch: await watched(cli, watch === true ? [] : watch) }),
  };
  const first = await firstArgument(cli, target);
  if (first !== null && args[0] !== undefined) {
    overrides[first] = args[0];
    args = args.slice(1);
  }
  const { columns, rows } = cli.out.stream;
  return {
    requestId: newRequestId(),
    projectDir: cli.projectOrHere(),
    target,
    overrides,
    args,
    ...(tag !== undefined && { tag }),
    ...(cli.out.isTTY && columns > 0 && rows > 0 && { terminal: { columns, rows } }),
  };
}

/** Of an option that may be given without a value, too. */
const collectAlso = (value: string, before: unknown): string[] => collect(value, Array.isArray(before) ? (before as string[]) : undefined);

/** The paths of `--watch` as the project has them; one that is not there is no mistake, but said. */
async function watched(cli: Cli, words: string[]): Promise<string[]> {
  const { watchPaths } = await import('../watch/watch-paths.ts');
  const { paths, missing } = watchPaths(words, cli.cwd, cli.projectOrHere());
  if (missing.length > 0) warn(cli, [`there is no ${missing.join(', ')} yet: nothing is seen there until there is`]);
  return paths;
}

/** Like no other request's, of whichever process: it is no secret, and Node's cryptography takes 3 ms to load. */
const newRequestId = (): string =>
  [Date.now(), process.pid, Math.random(), Math.random()].map((part) => part.toString(36).replace('0.', '')).join('-');

/** Which setting the first argument of a provider is; null for workflows, even one that is named like a provider. */
async function firstArgument(cli: Cli, target: string): Promise<'image' | 'file' | null> {
  const setting = ({ docker: 'image', torchrun: 'file' } as const)[target as ProviderName & ('docker' | 'torchrun')] ?? null;
  const project = cli.project();
  if (setting === null || !project.ok) return setting;
  const { loadWorkflows } = await import('../../shared/workflow/load.ts');
  const loaded = await loadWorkflows(project.value);
  return loaded.ok && loaded.workflows.has(target) ? null : setting;
}

/** Submits; when the daemon asks for values of our own variables, once more with them. */
export async function submit(cli: Cli, request: SubmitRequest): Promise<Submitted> {
  const answer = await submitOnce(cli, request);
  if (answer.ok || answer.failure.code !== 'env_needed') return unwrap(answer);
  const names = (answer.failure as ApiFailure).names ?? [];
  const unset = names.filter((name) => cli.env[name] === undefined);
  if (unset.length > 0 || names.length === 0) throw new FailureError(unsetVariables(request.target, unset));
  const env = Object.fromEntries(names.map((name) => [name, cli.env[name] ?? '']));
  return unwrap(await submitOnce(cli, { ...request, env }));
}

/** Asks once, with the project's files where the daemon cannot read them itself. */
async function submitOnce(cli: Cli, request: SubmitRequest): Promise<Result<Submitted>> {
  const ask = async (): Promise<Result<Submitted>> => {
    if (!cli.client.sendsFiles) return cli.client.call('submit', request, { repeatable: true });
    const { sendSnapshot } = await import('../runs/send-snapshot.ts');
    const { warnings, ...snapshot } = await sendSnapshot(cli, request.projectDir);
    const answer = await cli.client.call('submit', { ...request, snapshot }, { repeatable: true });
    return answer.ok ? ok({ ...answer.value, warnings: [...warnings, ...answer.value.warnings] }) : answer;
  };
  const answer = await ask();
  // that they are needed was not known, or they were collected in between
  return !answer.ok && answer.failure.code === 'snapshot_needed' ? ask() : answer;
}

const unsetVariables = (target: string, names: string[]): ApiFailure => ({
  code: 'env_unset',
  message: `'${target}' takes ${names.join(', ')} from your environment, where ${names.length === 1 ? 'it is' : 'they are'} not set.`,
  hint: `Set ${names.length === 1 ? 'it' : 'them'}, or give ${names.map((name) => `-e ${name}=VALUE`).join(' ')}.`,
});
