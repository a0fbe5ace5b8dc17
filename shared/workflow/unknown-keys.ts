import { providerNames } from './model.ts';
import type { ProviderName } from './model.ts';
import { anyWorkflow, ignoredKeys, keysOf, resources } from './schema.ts';
import { nearest } from './suggest.ts';
import { listed } from './words.ts';

/** What to write in place of keys that people know from elsewhere. */
const successors: ReadonlyMap<string, string> = new Map([
  ['depends-on', 'write `deps`'],
  ['depends_on', 'write `deps`'],
  ['dependencies', 'write `deps`'],
  ['environment', 'write `env`'],
  ['variables', 'write `env`'],
  ['volumes', 'write `mounts`'],
  ['command', 'write `commands`'],
  ['description', 'write `help`'],
  ['python_script', 'write `file`'],
  ['nnodes', 'write `nodes`'],
  ['workdir', 'write `working_dir`'],
  ['timeout', 'write `max_duration`'],
  ['retries', 'write `retry`'],
]);

/** Keys of the maps below a workflow, by the key they stand under. */
const nested: ReadonlyMap<string, readonly string[]> = new Map([
  ['deps', ['tag', 'workflow']],
  ['artifacts', ['path']],
  ['gpu', ['count', 'name', 'memory']],
  ['registry_auth', ['username', 'password']],
  ['watch', ['paths', 'ignore']],
]);

const resourceKeys = Object.keys(resources.shape);
const workflowKeys = Object.keys(anyWorkflow.shape);

/** The sentence and the hint for a key that nobody knows there. `under` is '' for keys of the workflow itself. */
export function unknownKey(key: string, under: string, provider: ProviderName | null): { message: string; hint: string } {
  const at = under === '' ? null : under;
  const message = `\`${key}\` is not a key of ${at ? `\`${at}\`` : provider ? `${provider} workflows` : 'workflows'}`;
  const keys = (
    at === null ? (provider ? keysOf(provider) : workflowKeys) : at === 'resources' ? resourceKeys : (nested.get(at) ?? [])
  ).filter((one) => !ignoredKeys.includes(one));
  if (at === null && resourceKeys.includes(key)) return { message, hint: 'it belongs into `resources`' };
  if (at === 'resources' && key.endsWith('/gpu')) return { message, hint: `write \`gpu: {name: ${key.slice(0, -4)}, count: 1}\`` };
  if (at === null && provider && workflowKeys.includes(key)) {
    const others = providerNames.filter((name) => keysOf(name).includes(key));
    return { message, hint: `it is for ${listed(others)}${key === 'commands' ? '; here `setup` runs commands before the start' : ''}` };
  }
  const near = nearest(key, keys);
  if (near) return { message, hint: `did you mean \`${near}\`?` };
  const successor = successors.get(key);
  if (at === null && successor) return { message, hint: successor };
  if (at !== null && workflowKeys.includes(key)) return { message, hint: `it belongs to the workflow, not into \`${at}\`` };
  return { message, hint: keys.length > 8 ? `there are ${keys.toSorted().join(', ')}` : `it takes ${listed(keys)}` };
}
