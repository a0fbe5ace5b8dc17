/**
 * A stand-in for PyTorch's `torchrun`, for what is not PyTorch's: a shell script in the project's own `bin` that says which options it got, and runs the file with
 * sh, once. (test/servers has the real one.)
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { project, projectWith } from './project.ts';

const fakeTorchrun = `#!/bin/sh
options=
for word; do
  case $word in --*=*) options="$options $word" ;; *) break ;; esac
  shift
done
[ -z "$SHOW_OPTIONS" ] || echo "torchrun$options"
file=$1
shift
exec sh "./$file" "$@"
`;

/** A torchrun workflow of that name, whose file is a shell script with these lines. `more`: further lines of the workflow. */
export const torchrunWorkflow = (name: string, nodes: number, more: readonly string[] = []): string =>
  [
    `- name: ${name}`,
    '  provider: torchrun',
    `  file: ${name}.sh`,
    `  nodes: ${nodes}`,
    '  env: ["PATH=/workflow/bin:$PATH"]',
    ...more.map((line) => `  ${line}`),
  ].join('\n');

/** A project with these workflows (torchrunWorkflow and others), each with its script, name → lines. */
export async function torchrunProject(workflows: readonly string[], scripts: Record<string, readonly string[]>): Promise<string> {
  const files = Object.fromEntries(Object.entries(scripts).map(([name, lines]) => [`${name}.sh`, `${lines.join('\n')}\n`]));
  const all = { ...files, 'bin/torchrun': fakeTorchrun };
  const dir = await (workflows.length === 0 ? project(all) : projectWith(workflows.join('\n'), all));
  chmodSync(join(dir, 'bin/torchrun'), 0o755);
  return dir;
}
