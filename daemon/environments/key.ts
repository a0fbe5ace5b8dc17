import { createHash } from 'node:crypto';
import { thoseThatTakePart } from './variables.ts';

/** All that an environment is made of. Values of secrets are not among it: strings hold their names, `others` marks that stand for them. */
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
  /** the variables of the config and the workflow; they count where they may matter */
  env: Record<string, string>;
  /** what else counts only where it is spoken of, by its name: secrets and certificates, as hashes */
  others: Record<string, string>;
  /** the folders that deps are mounted at, and what is in them */
  deps: readonly (readonly [path: string, content: string])[];
  /** what else a provider needs */
  extra: unknown;
}

/** Raised when the way in which environments are made changes, so that none made in another way is taken for one. */
const recipe = 2;

/** The name of an environment: 64 hexadecimal digits that stand for all of this. */
export function environmentKey({ env, others, files, ...rest }: Ingredients): string {
  const texts = [...rest.commands, ...files.map(([, content]) => content)];
  const variables = thoseThatTakePart(Object.entries(env), texts);
  const named = thoseThatTakePart(Object.entries(others), [...texts, ...variables.map(([, value]) => value)]);
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
    sorted(named),
    sorted(rest.deps),
    rest.extra ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(all)).digest('hex');
}
