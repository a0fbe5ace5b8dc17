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
  const own = ownWorkflow(name, script ?? 'train.py', requirements, script === null);
  const blocks = [
    ...(script === null ? [] : [own]),
    hello,
    ...(notebooks ? [lab(requirements)] : []),
    ...(script === null ? [own.replaceAll(/^(?=.)/gm, '# ')] : []),
  ];
  return {
    text: `# The workflows of this project. \`dstack run NAME\` runs one, \`dstack check\` checks this file.\nworkflows:\n${indented(blocks.join('\n'))}`,
    names: [...(script === null ? [] : [name]), 'hello', ...(notebooks ? ['explore'] : [])],
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

const lab = (requirements: string | null): string => `- name: explore
  help: JupyterLab on this project
  provider: lab${requirements === null ? '' : `\n  requirements: ${requirements}`}
  artifacts: [output]   # what is saved elsewhere is gone when it ends
  # inactivity_duration: 2h   # stop it when nobody used it for so long
`;

/** `told`: as an example, with all that it may say; else what is not known of it stands in comments. */
function ownWorkflow(name: string, script: string, requirements: string | null, told: boolean): string {
  const python = script.endsWith('.py');
  const perhaps = (line: string): string => (told ? line : line.replace(/^( +)/, '$1# '));
  const kept = '# done once, kept for the next run';
  const lines = [
    `- name: ${name}`,
    `  help: Runs ${script}`,
    '  provider: bash',
    ...(python ? [perhaps('  python: "3.11"')] : []),
    requirements === null ? perhaps(`  before_run: [pip install numpy]   ${kept}`) : `  requirements: ${requirements}   ${kept}`,
    '  commands:',
    `    - ${python ? 'python' : 'bash'} ${script} \${{ run.args }}   # dstack run ${name} --epochs 3`,
    perhaps('  artifacts: [output]   # folders to keep: dstack artifacts download'),
    perhaps('  deps: [":data"]   # what another run saved: its tag, or the name of its workflow'),
    perhaps('  resources:'),
    perhaps('    gpu: 1   # or {count: 2, name: A100, memory: 40GB}').replace(/^ {4}# /, '  #   '),
    perhaps('    memory: 16GB').replace(/^ {4}# /, '  #   '),
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
