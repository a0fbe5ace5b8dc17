/**
 * `npm run check`: everything about the source that needs no test. One line per step; a step that fails shows what it printed.
 * `node scripts/check.ts [STEP…]` runs only those.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);
const shellScripts = ['scripts/demo', 'scripts/test', 'scripts/test-gpu', 'scripts/dstack', '.ci/run', ...inFolder('scripts/lib', '.sh')];

const steps: Record<string, { what: string; run: [string, ...string[]] }> = {
  types: { what: 'types (tsc)', run: [bin('tsc'), '-p', root] },
  lint: { what: 'lint and folder arrows (oxlint)', run: [bin('oxlint'), '--deny-warnings'] },
  dead: { what: 'dead code and unused dependencies (knip)', run: [bin('knip'), '--no-progress'] },
  format: { what: 'format (oxfmt; npm run format mends it)', run: [bin('oxfmt'), '--check'] },
  build: { what: 'the published form builds (esbuild)', run: [process.execPath, 'scripts/build.ts'] },
  schema: { what: 'JSON Schema fresh', run: [process.execPath, 'scripts/schema.ts', '--check'] },
  shell: {
    what: 'shell scripts parse (bash -n)',
    run: ['bash', '-c', 'for each in "$@"; do bash -n "$each" || exit 1; done', 'bash', ...shellScripts],
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(', ')}. Steps: ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}

const waiting = Object.keys(steps).filter((name) => wanted.length === 0 || wanted.includes(name));
let failed = 0;
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
process.exitCode = failed > 0 ? 1 : 0;

async function worker(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const { what, run } = steps[name]!;
    const began = performance.now();
    const { code, output } = await finish(run);
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    if (code === 0) {
      console.log(`ok      ${what}, ${took}`);
    } else {
      failed++;
      console.log(`FAILED  ${what}, ${took}\n${output.trimEnd().replaceAll(/^/gm, '        ')}`);
    }
  }
}

/** Runs a program in the checkout's root; both streams as they came. A program that is not there counts as failed, with that as its output. */
function finish([program, ...args]: [string, ...string[]]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const add = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

function inFolder(dir: string, ending: string): string[] {
  return readdirSync(join(root, dir))
    .filter((name) => name.endsWith(ending))
    .map((name) => `${dir}/${name}`);
}
