import { parseWorkflows } from '../../../shared/workflow/load.ts';
import type { Problem, Workflow } from '../../../shared/workflow/model.ts';

export const load = (text: string) => parseWorkflows([{ path: 'workflows.yaml', text }]);

/** `LINE <marked text> message | hint` of each problem, hints marked by `hint`. */
export const told = (problem: Problem): string => {
  const marked = problem.sourceLine.slice(problem.column - 1, problem.column - 1 + problem.length);
  return `${problem.line} <${marked}> ${problem.severity === 'hint' ? '(hint) ' : ''}${problem.message}${problem.hint === null ? '' : ` | ${problem.hint}`}`;
};

export function problemsOf(text: string): string[] {
  const loaded = load(text);
  return (loaded.ok ? loaded.hints : loaded.problems).map(told);
}

/** The only workflow of a file that loads. */
export function only(text: string): Workflow {
  const loaded = load(text);
  if (!loaded.ok) throw new Error(loaded.problems.map(told).join('\n'));
  const [first, ...more] = loaded.workflows.values();
  if (!first || more.length > 0) throw new Error(`${loaded.workflows.size} workflows`);
  return first.workflow;
}

/** A bash workflow with these lines. */
export const bash = (...lines: string[]): string =>
  [
    'workflows:',
    '  - name: train',
    '    provider: bash',
    '    commands: [python train.py]',
    ...lines.map((line) => `    ${line}`),
    '',
  ].join('\n');
