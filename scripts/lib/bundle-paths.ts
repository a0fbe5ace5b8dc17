/** What esbuild is told about paths, so that the bundles find each other. */
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Programs of one installation that lie side by side in one folder, `programs`: their sources (below `root`) by name. An import of another program is a late
 * `require` of its file; `new URL('….ts', import.meta.url)` of a program is its file, too. Of anything else than package.json it is an error: it would not
 * be there.
 */
export function bundlePaths(root: string, programs: Record<string, string>): Plugin {
  const names = new Map(Object.entries(programs).map(([name, source]) => [join(root, source), name]));
  const beside = (path: string): string | null => {
    if (path === join(root, 'package.json')) return '../package.json';
    const name = names.get(path);
    return name === undefined ? null : `./${name}.cjs`;
  };
  return {
    name: 'bundle-paths',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir, kind }) => {
        const file = beside(resolve(resolveDir, path));
        return kind === 'entry-point' || file === null ? null : { path: file, external: true };
      });
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!text.includes('new URL(') || !text.includes('import.meta.url')) return null;
        const errors: { text: string }[] = [];
        const contents = text.replaceAll(/new URL\(\s*'(\.[^']+)',\s*import\.meta\.url\s*\)/g, (all, to: string) => {
          const file = beside(resolve(dirname(path), to));
          if (file === null) errors.push({ text: `${relative(root, path)}: ${to} is not in dist; scripts/build.ts knows what is` });
          return all.replace(to, file ?? to);
        });
        return { contents, loader: 'ts', errors };
      });
    },
  };
}

/** The libraries that have files of their own (`names`). */
export const libraryFiles = (names: readonly string[]): Plugin => ({
  name: 'library-files',
  setup({ onResolve }) {
    onResolve({ filter: /^[a-z]/ }, ({ path }) => (names.includes(path) ? { path: `./${path}.cjs`, external: true } : null));
  },
});

/** zod brings its sentences in fifty languages, of which it uses one. */
export const onlyEnglish: Plugin = {
  name: 'only-english',
  setup({ onLoad }) {
    onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: "export { default as en } from './en.js';", loader: 'js' }));
  },
};
