import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';

/** Those that Node has not loaded anyway before a program's first line, and that take a noticeable part of a millisecond, or several. */
const slow = [
  'child_process',
  'crypto',
  'http',
  'https',
  'net',
  'readline',
  'stream/consumers',
  'stream/promises',
  'tls',
  'worker_threads',
  'zlib',
];

/**
 * Built-in modules that are loaded when something of them is used for the first time, not when the module that imports them is: importing child_process alone
 * takes 2.5 ms of a command that starts no process.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    const require = createRequire(import.meta.url);
    onResolve({ filter: /^(node:)?[a-z_/]+$/ }, ({ path, namespace }) => {
      const name = path.replace(/^node:/, '');
      return slow.includes(name) && namespace !== 'lazy' ? { path: name, namespace: 'lazy' } : null;
    });
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => {
      const names = Object.keys(require(`node:${path}`) as object);
      const getters = names.map((name) => `get ${name}(){return load().${name}}`);
      return { contents: `const load=()=>process.getBuiltinModule('node:${path}');module.exports={${getters.join(',')}};`, loader: 'js' };
    });
  },
};
