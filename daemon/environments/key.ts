import { createHash } from 'node:crypto';
import { takesPartIn } from './variables.ts';

/** All that an environment is made of. Values of secrets are not among it: strings hold their names. */
export interface Ingredients {
  installation: string;
  /** whose it is, where a daemon serves several users: nobody starts from what another one installed */
  owner: number | null;
  /** the id of an image, or the key of the environment that it builds upon */
  from: string;
  commands: readonly string[];
  /** where they run; null: it does not matter */
  workingDir: string | null;
  /** path and content, or the id of it */
  files: readonly (readonly [path: string, content: string])[];
  /** the workflow's variables */
  env: Record<string, string>;
  /** what else a provider needs */
  extra: unknown;
}

/** Raised when the way in which environments are made changes, so that none made in another way is taken for one. */
const recipe = 1;

/** The name of an environment: 64 hexadecimal digits that stand for all of this. */
export function environmentKey({ env, files, ...rest }: Ingredients): string {
  const texts = [...rest.commands, ...files.map(([, content]) => content)];
  const variables = Object.entries(env).filter(([name]) => takesPartIn(name, texts));
  const sorted = <T extends readonly [string, string]>(list: readonly T[]): T[] =>
    list.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const all = [
    recipe,
    rest.installation,
    rest.owner,
    rest.from,
    rest.commands,
    rest.workingDir,
    sorted(files),
    sorted(variables),
    rest.extra ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex');
}
