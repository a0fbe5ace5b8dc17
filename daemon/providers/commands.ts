import type { Workflow } from '../../shared/workflow/model.ts';
import type { EnvironmentSpec } from './job-spec.ts';

/** What is made ready before a workflow's own commands: its requirements, then its set-up; null: nothing is asked for. */
export const environmentOf = ({ requirements, beforeRun }: Workflow): EnvironmentSpec | null =>
  requirements === null && beforeRun.length === 0 ? null : { requirements, install: [], setup: beforeRun };
