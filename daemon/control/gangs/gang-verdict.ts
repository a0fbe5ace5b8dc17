import type { JobState } from '../../../shared/states.ts';
import type { JobRecord, RunRecord } from '../../store/records.ts';
import { endedAt, placeOf } from '../ended.ts';
import { culpritOf, ownEnds, wasTold, type OwnEnd } from './gang.ts';
import { afterFailure, type Verdict } from '../outcome.ts';

export interface GangVerdict extends Verdict {
  /** the node for whose failure the attempt failed; null: it did not */
  culprit: OwnEnd | null;
}

/**
 * The verdict on all nodes of an attempt, when it is known how each has ended. What somebody asked for counts first, then making room for another run: nodes fail
 * when others of them end. `before`: the earlier attempts of one of the nodes. `elsewhere`, `retryDelay`: as in `verdict`.
 */
export function gangVerdict(
  run: RunRecord,
  nodes: readonly JobRecord[],
  before: readonly JobRecord[],
  retryDelay: number,
  elsewhere: boolean,
): GangVerdict {
  const all = ownEnds(run, nodes);
  const told = all.find(({ node }) => wasTold(run, node));
  if (told) return { outcome: told.outcome, again: null, pause: 0, culprit: null };
  const preempted = all.find(({ outcome }) => outcome.status === 'preempted');
  if (preempted) return { outcome: preempted.outcome, again: 'preempted', pause: 0, culprit: null };
  const culprit = culpritOf(run, nodes);
  if (!culprit) return { outcome: { status: 'done' }, again: null, pause: 0, culprit: null };
  const { outcome } = culprit;
  if (outcome.status !== 'failed' || run.intent) return { outcome, again: null, pause: 0, culprit };
  return { outcome, ...afterFailure(run, outcome.code, before, retryDelay, elsewhere), culprit };
}

/** `node 1: exit code 3`; says the exit code in any case. */
export const nodeReason = (job: number, reason: string, exitCode: number | null): string =>
  `node ${job}: ${reason}${exitCode === null || reason.includes('exit code') ? '' : ` (exit code ${exitCode})`}`;

/** The state in which a node ends with that verdict. */
export function nodeState(run: RunRecord, node: JobRecord, verdict: GangVerdict, now: number): JobState {
  const { outcome, again, culprit } = verdict;
  const why =
    culprit && 'reason' in outcome ? nodeReason(culprit.node.job, outcome.reason, culprit.node.progress.end?.exitCode ?? null) : null;
  if (again !== null)
    return {
      status: 'interrupted',
      since: now,
      reason: why ?? ('reason' in outcome ? outcome.reason : ''),
      cause: again,
      ...placeOf(node),
    };
  const ended = endedAt(node, now);
  const own = ownEnds(run, [node])[0]?.outcome ?? null;
  if (own?.status === 'done' || own?.status === 'stopped' || own?.status === 'aborted') return { status: own.status, ...ended };
  if (own?.status === 'failed' && (culprit === null ? wasTold(run, node) : culprit.node.job === node.job))
    return { status: 'failed', reason: own.reason, reasonCode: own.code, ...ended };
  const itself = own?.status === 'failed' ? own.reason : null;
  const reason = [itself, why === null ? 'the other nodes were ended' : `ended with ${why}`].filter((text) => text !== null).join('; ');
  return { status: 'failed', reason, reasonCode: 'node', ...ended };
}
