/** The first `.dstack/workflows.yaml` of a project: made from what lies in its folder, with comments that show the rest. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Scripts that people begin with, the likeliest first. */
const scripts = ['train.py', 'main.py', 'run.py', 'app.py', 'train.sh', 'run.sh', 'main.sh'] as const;

export interface FirstWorkflows {
  text: string;
  /** of the workflows in it, the one to try first comes first */
  names: string[];
  /** what they were made from: `train.py, requirements.txt`; empty: nothing was found */
  found: string[];
}

/** What would be written for the folder. */
export function firstWorkflows(dir: string): FirstWorkflows {
  const has = (name: string): boolean => existsSync(join(dir, name));
  const script = scripts.find(has) ?? null;
  const requirements = has('requirements.txt') ? 'requirements.txt' : null;
  const notebooks = namesIn(dir).some((name) => name.endsWith('.ipynb'));
  const name = script?.replace(/\..*$/, '') ?? 'train';
  const own = ownWorkflow(name, script ?? 'train.py', requirements);
  const blocks = [
    ...(script === null ? [] : [own]),
    hello,
    ...(notebooks ? [lab(requirements)] : []),
    ...(script === null ? [own.replaceAll(/^(?=.)/gm, '# ').replaceAll(/^# {3}(?=\S)/gm, '#   ')] : []),
  ];
  return {
    text: `# The workflows of this project. \`dstack run NAME\` runs one, \`dstack check\` checks this file.\nworkflows:\n${indented(blocks.join('\n'))}`,
    names: [...(script === null ? [] : [name]), 'hello', ...(notebooks ? ['lab'] : [])],
    found: [script, requirements, notebooks ? 'notebooks' : null].filter((one) => one !== null),
  };
}

/** Writes it below the folder, where there is none. */
export function writeFirstWorkflows(dir: string): FirstWorkflows & { file: string } {
  const first = firstWorkflows(dir);
  const file = join(dir, '.dstack', 'workflows.yaml');
  mkdirSync(join(dir, '.dstack'), { recursive: true });
  writeFileSync(file, first.text, { flag: 'wx' });
  return { ...first, file };
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');

const hello = `- name: hello
  help: Says hello
  provider: bash
  commands:
    - echo "hello from \${{ run.name }}"
`;

const lab = (requirements: string | null): string => `- name: lab
  help: JupyterLab on this project
  provider: lab${requirements === null ? '' : `\n  requirements: ${requirements}`}
  artifacts: [output]           # what is saved elsewhere is gone when it ends
  # inactivity_duration: 2h     # stop it when nobody used it for so long
`;

function ownWorkflow(name: string, script: string, requirements: string | null): string {
  const python = script.endsWith('.py');
  const install = requirements ?? 'requirements.txt';
  const lines = [
    `- name: ${name}`,
    `  help: Runs ${script}`,
    '  provider: bash',
    ...(python ? ['  # python: "3.11"'] : []),
    ...(python || requirements !== null
      ? [`  ${requirements === null ? '# ' : ''}requirements: ${install}   # installed once, kept for the next run`]
      : []),
    '  commands:',
    `    - ${python ? 'python' : 'bash'} ${script} \${{ run.args }}   # dstack run ${name} --epochs 3`,
    '  # artifacts: [output]         # folders to keep: dstack artifacts download',
    '  # deps: [":data"]             # what another run saved, by its tag, or a workflow\'s name',
    '  # resources:',
    '  #   gpu: 1                    # or {count: 2, name: A100, memory: 40GB}',
    '  #   memory: 16GB',
    '',
  ];
  return lines.join('\n');
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
