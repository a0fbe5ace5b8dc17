import type { Reference } from './interpolate.ts';

/** In these keys everything is filled in. */
const anyReference = new Set(['commands', 'setup', 'before_run', 'env', 'args', 'entrypoint', 'registry_auth']);
/** These must be known and safe before the run exists: its name only. */
const nameOnly = new Set(['image', 'artifacts', 'working_dir', 'requirements', 'file', 'script']);

/** Why a reference cannot stand in the values of `key`, and what to do instead; null: it can. */
export function refusedReference(key: string, reference: Reference): [string, string] | null {
  if (anyReference.has(key)) return null;
  const isName = reference.namespace === 'run' && reference.name === 'name';
  if (nameOnly.has(key))
    return isName ? null : [`\`${key}\` can only refer to \`run.name\``, 'secrets and arguments are for `commands` and `env`'];
  return [`references are not filled in here, in \`${key}\``, 'they are for `commands`, `env` and the like'];
}
