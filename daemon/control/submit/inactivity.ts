import type { Config } from '../../../shared/config.ts';
import { isDevEnvironment, type Workflow } from '../../../shared/workflow/model.ts';

/** The `inactivity_duration` of a run (seconds; null: none): what the workflow says goes before the config, its `off` too. */
export function inactivityOf(workflow: Workflow, config: Pick<Config, 'inactivityDuration'>): number | null {
  if (!isDevEnvironment(workflow) || workflow.inactivityDuration === 'off') return null;
  return workflow.inactivityDuration ?? config.inactivityDuration;
}
