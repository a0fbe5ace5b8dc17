/** The forms that a workflow's values are written in. An `error` is what was expected, behind "expected": problems are worded in issues.ts. */
import { z } from 'zod';
import type { Result } from '../result.ts';
import { parseMount, parsePort, portClash, portCount } from '../units.ts';
import { parseDep, parseDepName } from './deps.ts';
import { splitWords } from './quote.ts';
import { parseWatchPattern } from './watch.ts';
import { parseArtifact, parseCpu, parseEnvEntry, parseEnvName, parseGpuCount, parsePositiveSize } from './values.ts';

/** Carried by a problem that a parser found. `atKey`: the key is wrong, not its value. */
export interface IssueParams {
  hint: string | null;
  atKey?: boolean;
}

interface Checked {
  addIssue(issue: { code: 'custom'; message: string; path?: PropertyKey[]; params: Record<string, unknown> }): void;
}

/** A refinement that runs a parser on the text (or a number's text) and passes its failure on. */
export const by =
  (parse: (text: string) => Result<unknown>) =>
  (value: unknown, context: Checked): void => {
    const result = parse(String(value));
    if (!result.ok) addFailure(context, result.failure.message, result.failure.hint);
  };

export function addFailure(context: Checked, message: string, hint: string | null = null, path?: PropertyKey[], atKey = false): void {
  const params: IssueParams = { hint, atKey };
  context.addIssue({ code: 'custom', message, params: { ...params }, ...(path ? { path } : {}) });
}

const text = (error: string) => z.string({ error });

/** Text, not empty. */
export const words = (error = 'text') =>
  text(error).superRefine((value, context) => {
    if (value.trim() === '') addFailure(context, 'this is empty', `write ${error}, or leave the key out`);
  });

/** Text that a parser reads. */
export const parsed = (parse: (value: string) => Result<unknown>, error: string) => text(error).superRefine(by(parse));

/** Text that a parser reads; editors see numbers there too, as in `python: 3.11`. */
export const parsedOrNumber = (parse: (value: string) => Result<unknown>, error: string) =>
  z.union([parsed(parse, error), z.number({ error })], { error });

/** A number, or the same in quotes. */
export const number = (parse: (value: string) => Result<unknown>, error: string) =>
  z.union([z.number({ error }), z.string({ error })], { error }).superRefine(by(parse));

export const commands = z.union([words('a command'), z.array(words('a command'), { error: 'a list of commands' })], {
  error: 'a list of commands, or a block of them behind `|`',
});

const depMap = z
  .strictObject({
    tag: parsed((value) => parseDepName('tag', value), 'the name of a tag').optional(),
    workflow: parsed((value) => parseDepName('workflow', value), 'the name of a workflow').optional(),
    mount: z.boolean({ error: 'true or false' }).optional().meta({ description: 'Accepted for older files; deps are always mounted' }),
  })
  .superRefine((dep, context) => {
    if ((dep.tag === undefined) === (dep.workflow === undefined))
      addFailure(context, 'a dep is either a tag or a workflow', 'give one of `tag` and `workflow`');
  });
const depError = 'a dep: :tag, :owner/repo/tag, workflow, owner/repo/workflow, {tag: NAME} or {workflow: NAME}';
const dep = z.union([parsed(parseDep, depError), depMap], { error: depError });
export const deps = z.union([dep, z.array(dep, { error: 'a list of deps' })], { error: 'a list of deps' });

const artifactError = 'a folder, or {path: FOLDER}';
const artifact = z.union(
  [
    parsed(parseArtifact, artifactError),
    z.strictObject({
      path: parsed(parseArtifact, 'a folder'),
      mount: z
        .boolean({ error: 'true or false' })
        .optional()
        .meta({ description: 'Accepted for older files; artifacts are always saved while the run writes them' }),
    }),
  ],
  { error: artifactError },
);
export const artifacts = z.union([artifact, z.array(artifact, { error: 'a list of folders' })], { error: 'a list of folders' });

const envValue = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'text, a number, or nothing for the submitter’s value',
});
export const env = z.union(
  [
    z.array(parsed(parseEnvEntry, 'NAME=VALUE, or NAME for the submitter’s value'), { error: 'a list of variables' }),
    z.record(z.string(), envValue).superRefine((variables, context) => {
      for (const name of Object.keys(variables)) {
        const result = parseEnvName(name);
        if (!result.ok) addFailure(context, result.failure.message, result.failure.hint, [name], true);
      }
    }),
  ],
  { error: 'a list of NAME=VALUE, or a map of names to values' },
);

const gpuError = 'a number of GPUs, or {count, name, memory}';
export const gpu = z.union(
  [
    number(parseGpuCount, gpuError),
    z.strictObject({
      count: number(parseGpuCount, 'a number of GPUs')
        .optional()
        .meta({ description: 'How many; 1 where only name or memory is given', examples: [1, 4] }),
      name: words('the name of a GPU')
        .optional()
        .meta({ description: 'Part of the product’s name, in any case', examples: ['A100', 'RTX 4090'] }),
      memory: parsed(parsePositiveSize, 'a size')
        .optional()
        .meta({ description: 'Least memory of each GPU', examples: ['16GB'] }),
    }),
  ],
  { error: gpuError },
);

export const cpu = number(parseCpu, 'a number of cores');

const portError = 'a port, "HOST:CONTAINER" or ":CONTAINER"';
const portList = z.array(number(parsePort, portError), { error: 'a list of ports' }).superRefine((list, context) => {
  const clash = portClash(
    list
      .flatMap((item) => (typeof item === 'number' || typeof item === 'string' ? [parsePort(String(item))] : []))
      .flatMap((port) => (port.ok ? [port.value] : [])),
  );
  if (clash) addFailure(context, clash, 'give each port once');
});
export const ports = z.union([number((value) => portCount(Number(value)), 'a number of ports'), portList], {
  error: 'a number of ports, or a list of them',
});

export const mounts = z.array(parsed(parseMount, 'SOURCE:TARGET or SOURCE:TARGET:ro'), { error: 'a list of SOURCE:TARGET[:ro]' });

const splittable = (value: string, context: Checked): void => {
  if (splitWords(value) === null) addFailure(context, 'a quote is not closed', 'close it, or write a list');
};
export const entrypoint = z.union(
  [
    words('a program').superRefine(splittable),
    z.array(words('a word of the command'), { error: 'a list' }).min(1, { error: 'at least a program' }),
  ],
  {
    error: 'a program with its arguments, as text or list',
  },
);
const arg = z.union([z.string(), z.number(), z.boolean()], { error: 'text or a number' });
export const args = z.union([z.string().superRefine(splittable), z.array(arg, { error: 'a list of arguments' })], {
  error: 'arguments, as text or list',
});

const watchError = 'paths of the project, or {paths, ignore}';
const pattern = parsed(parseWatchPattern, 'a path of the project');
const patterns = z.union([pattern, z.array(pattern, { error: 'a list of paths' })], { error: 'a list of paths' });
export const watch = z.union(
  [
    patterns,
    z.strictObject({
      paths: patterns
        .optional()
        .meta({ description: 'Only changes of these count, in the patterns of .gitignore', examples: [['src', '/conf/*.yaml']] }),
      ignore: patterns.optional().meta({ description: 'Changes of these do not count', examples: [['*.md', 'docs']] }),
    }),
  ],
  { error: watchError },
);
