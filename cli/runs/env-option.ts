import { usageError } from '../usage.ts';

/** `-e NAME` means the value that NAME has here. */
export function withOwnValue(entry: string, env: NodeJS.ProcessEnv): string {
  if (entry.includes('=')) return entry;
  const value = env[entry];
  if (value === undefined)
    throw usageError(`-e ${entry} takes the value of your own variable ${entry}, which is not set.`, `Set it, or write -e ${entry}=VALUE.`);
  return `${entry}=${value}`;
}

/** All of `-e NAME=VALUE` and `-e NAME`; the last one of a name counts. */
export const envOption = (entries: string[], env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    entries.map((entry) => {
      const text = withOwnValue(entry, env);
      const name = text.slice(0, text.indexOf('='));
      if (!/^[A-Za-z_]\w*$/.test(name))
        throw usageError(`-e ${entry}: '${name}' is no name of a variable.`, 'Names have letters, digits and underscores: -e NAME=VALUE');
      return [name, text.slice(name.length + 1)];
    }),
  );
