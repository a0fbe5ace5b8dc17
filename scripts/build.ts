/**
 * `npm run build`: the published form, into dist/. `npm pack` does it first.
 *
 *     dstack.cjs    the command: sets the compile cache, then loads cli.cjs
 *     cli.cjs       all commands, in one file
 *     daemon.cjs    the daemon's process: sets the compile cache, then loads serve.cjs
 *     serve.cjs     the daemon, in one file: what it loads late is in it too, so that it needs nothing of a package that was replaced under it
 *     upload.cjs    what sends a project's files
 *     zod.cjs, …    libraries that few commands need; the rest stand in the files above (better-sqlite3 is native: npm installs it)
 *
 * All lie in one folder, beside package.json, so that a path relative to one of them is the same for all. CommonJS, because `require` runs where it stands:
 * a module, a built-in one too, is loaded when the function that needs it runs.
 */
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { bundlePaths, libraryFiles, onlyEnglish } from './lib/bundle-paths.ts';
import { lazyBuiltins } from './lib/lazy-builtins.ts';
import { licences } from './lib/licences.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/** name in dist: source */
const programs = {
  dstack: 'cli/main.ts',
  cli: 'cli/program.ts',
  daemon: 'daemon/main.ts',
  serve: 'daemon/serve.ts',
  upload: 'daemon/upload/main.ts',
};
/** A command that needs none of these does not read them: they are three quarters of all bytes. */
const libraries = ['tar-fs', 'ws', 'yaml', 'zod'];
const native = ['better-sqlite3'];
/** `ws` looks for them, and does without. */
const absent = ['bufferutil', 'utf-8-validate'];

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node22.18',
  format: 'cjs',
  // `import()` becomes a late `require`, which does not need the other loader
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'fileUrl' },
  legalComments: 'none',
  logLevel: 'warning',
};
const plugins = [bundlePaths(root, programs), onlyEnglish, lazyBuiltins];
/** The directive first, or it is none. */
const beginning = "'use strict';const fileUrl=require('node:url').pathToFileURL(__filename).href;";

/** One program; `late`: the libraries that it loads from their files. */
const program = (name: keyof typeof programs, late: readonly string[] = []): BuildOptions => ({
  ...common,
  entryPoints: { [name]: programs[name] },
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  external: [...native, ...absent],
  banner: { js: beginning },
  plugins: [libraryFiles(late), ...plugins],
});

const library = (name: string): BuildOptions => ({
  ...common,
  stdin: { contents: `export * from '${name}';`, resolveDir: root },
  outfile: join(dist, `${name}.cjs`),
  external: absent,
  plugins,
});

const all = [
  program('dstack'),
  program('cli', libraries),
  program('daemon'),
  program('serve'),
  program('upload', libraries),
  ...libraries.map(library),
];
// it has said itself what is wrong
const giveUp = (): never => process.exit(1);
const built = await Promise.all(all.map((options) => build({ ...options, write: false, metafile: true }))).catch(giveUp);
const files = built.flatMap(({ outputFiles }) => outputFiles.map(({ path, contents }) => ({ name: basename(path), contents })));
const inputs = built.flatMap(({ metafile }) => Object.keys(metafile.inputs));
files.push({ name: 'licences.txt', contents: Buffer.from(licences(root, inputs)) });

// each is there whole, and none is missing meanwhile: somebody may be running them
mkdirSync(dist, { recursive: true });
for (const { name, contents } of files) {
  const half = join(dist, `.${name}.${process.pid}`);
  writeFileSync(half, contents);
  chmodSync(half, name === 'dstack.cjs' ? 0o755 : 0o644);
  renameSync(half, join(dist, name));
}
for (const name of readdirSync(dist)) if (!files.some((file) => file.name === name)) rmSync(join(dist, name), { recursive: true });
