import type { Tree } from './tree.ts';

/** Keys whose values are text even where YAML sees a number or a boolean: `python: 3.10`, `name: 2023`, `memory: 16` (refused with a hint). */
const textKeys = new Set([
  ...['name', 'python', 'version', 'args', 'artifacts', 'path', 'deps', 'tag', 'workflow', 'working_dir'],
  ...['username', 'password', 'memory', 'shm_size', 'max_duration', 'idle_timeout', 'inactivity_duration'],
]);

/** The tree as plain values for the schema. Objects have no prototype, so that `__proto__` is a key like any other. */
export function valuesOf(tree: Tree, key = ''): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value !== null && (key === 'env' || textKeys.has(key)) && typeof tree.value !== 'string' ? tree.text : tree.value;
    case 'list':
      return tree.items.map((item) => valuesOf(item, key));
    case 'map': {
      const values: Record<string, unknown> = Object.create(null);
      for (const [name, { value }] of tree.entries) values[name] = valuesOf(value, key === 'env' ? 'env' : name);
      return values;
    }
  }
}
