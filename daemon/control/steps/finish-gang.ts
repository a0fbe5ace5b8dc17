import { isEnded } from '../../../shared/states.ts';
import { nextAttempt } from '../ended.ts';
import { nodesOf } from '../gangs/gang.ts';
import { nodeState } from '../gangs/gang-verdict.ts';
import { recordUsage } from '../record-usage.ts';
import type { Executor } from './executor.ts';
import { judgeGang } from './judge.ts';

/**
 * The last states of all nodes of an attempt, the tag and the next attempt of all, in one transaction: whichever node's driver is first writes them, the others
 * find them.
 */
export const finishGang: Executor = async ({ parts, attempt, changed, reschedule }) => {
  const { run, job } = attempt;
  const verdict = await judgeGang(parts, run, job.attempt);
  const now = parts.now();
  parts.store.transaction(() => {
    for (const node of nodesOf(parts.store.jobs.ofRun(run.id), job.attempt)) {
      if (isEnded(node.state.status) || node.state.status === 'interrupted') return;
      recordUsage(parts, { ...attempt, job: node });
      node.state = nodeState(run, node, verdict, now);
      parts.store.jobs.update(node);
      if (verdict.again === null) continue;
      parts.store.jobs.insert(nextAttempt(node, now, verdict.again, verdict.pause));
    }
    if (verdict.outcome.status === 'done' && run.tag !== null)
      parts.store.tags.put({ project: run.project, tag: run.tag, runId: run.id, createdAt: now });
  });
  changed();
  reschedule();
};
