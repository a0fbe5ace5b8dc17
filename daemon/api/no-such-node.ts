import { fail, type Result } from '../../shared/result.ts';
import type { RunRecord } from '../store/records.ts';

/** The failure of who asks for a node that a run does not have. */
export function noSuchNode({ name, spec }: RunRecord, node: number | string): Result<never> {
  const last = spec.jobs.length - 1;
  return fail('no_such_node', `The run '${name}' has no node ${node}`, last === 0 ? 'It has one, node 0' : `Its nodes are 0 to ${last}`);
}
