import { unreachable } from '../../shared/result.ts';
import type { AppSpec, JobSpec } from './job-spec.ts';
import { torchrunWords } from './torchrun.ts';

/** The commands of a job as its user knows them: what a provider puts around them, or runs in place of any, is not of their writing. */
export function shownCommands({ start, app, gang }: Pick<JobSpec, 'start' | 'app' | 'gang'>): string[] {
  if (app) return [titleOf(app.name)];
  if (start.kind === 'image') return start.command ?? [];
  const last = start.commands.at(-1);
  return gang && last !== undefined ? [torchrunWords(last)] : start.commands;
}

/** As people call the servers. */
export function titleOf(name: AppSpec['name']): string {
  switch (name) {
    case 'lab':
      return 'JupyterLab';
    case 'notebook':
      return 'Jupyter Notebook';
    case 'code':
      return 'VS Code';
    default:
      return unreachable(name);
  }
}
