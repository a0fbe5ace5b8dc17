import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';

/** Whether a workflow can be run with --watch. Fails with `no_watch`. */
export function mayWatch(workflow: Workflow): Result<void> {
  const { provider } = workflow;
  switch (provider) {
    case 'code':
    case 'lab':
    case 'notebook':
      return fail(
        'no_watch',
        `'${provider}' serves an editor, in which you work on the files yourself: there is nothing to run again at each change`,
        'Run it without --watch',
      );
    case 'torchrun':
      return workflow.nodes === 1
        ? ok(undefined)
        : fail('no_watch', `A run of ${workflow.nodes} nodes cannot be watched`, 'Try it on one node: dstack run … --nodes 1 --watch');
    case 'bash':
    case 'docker':
      return ok(undefined);
  }
}
