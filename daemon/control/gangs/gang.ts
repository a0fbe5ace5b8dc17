/**
 * The nodes of a run together, from what is recorded of them. Each node has a driver of its own, which decides for its node alone; what is to be decided once is
 * a function of the records of all nodes of the attempt, so that whoever asks, before or after a crash, finds the same:
 *
 *   each: image, workspace, GPUs claimed → noteReady ┐ all are ready
 *                                                    └ the master is made and started ─ it runs: the others are, in its network
 *   one loses its GPUs before that: all go back to the queue (takeBack)
 *   one ends badly: the others are told to end like by a stop (noteStopping records for whom), those that have not begun never do (giveUp)
 *   each: its end and its log ─ all have ended: artifacts ─ all have done that: the one who sees it first judges all of them, in one transaction (finish)
 */
import { isEnded } from '../../../shared/states.ts';
import { formatSize } from '../../../shared/units.ts';
import type { JobRecord, RunRecord } from '../../store/records.ts';
import { outcomeOf, type Outcome } from '../outcome.ts';

/** What a node needs to know of the others of its attempt. */
export interface GangView {
  /** one of them, or it itself, ended badly: all shall end */
  over: boolean;
  /** one lost its place before anything ran: all wait again */
  takenBack: boolean;
  /** every node could begin now, or has begun */
  ready: boolean;
  /** the master's container; who is the master need not ask */
  master: 'not yet' | 'runs' | 'over';
  /** how each node has ended is known */
  ended: boolean;
  /** and their logs and artifacts are safe */
  closed: boolean;
  /** when the first of them was started (ms); null: none was */
  startedAt: number | null;
}

/** Whether the run has several nodes, which begin and end together. */
export const isGang = ({ spec }: Pick<RunRecord, 'spec'>): boolean => spec.jobs.length > 1;

/** The nodes of one attempt, of all attempts of a run, in their order. */
export const nodesOf = (attempts: readonly JobRecord[], attempt: number): JobRecord[] =>
  attempts.filter((one) => one.attempt === attempt).toSorted((a, b) => a.job - b.job);

/** It may have run: it is never begun a second time, and never taken back. */
const hasBegun = ({ progress }: JobRecord): boolean => progress.startIntent !== null || progress.end !== null;

export function gangView(run: Pick<RunRecord, 'intent' | 'spec'>, nodes: readonly JobRecord[]): GangView {
  const master = nodes.find((node) => node.job === 0);
  const starts = nodes.flatMap(({ state, progress }) => ('startedAt' in state ? state.startedAt : progress.end?.startedAt) ?? []);
  return {
    over: culpritOf(run, nodes) !== null,
    takenBack: nodes.some((node) => node.state.status === 'queued') && !nodes.some(hasBegun),
    ready: nodes.every((node) => (node.progress.ready ?? null) !== null || hasBegun(node)),
    master:
      !master || master.progress.end
        ? 'over'
        : master.state.status === 'running' || master.state.status === 'stopping'
          ? 'runs'
          : 'not yet',
    ended: nodes.every(({ state, progress }) => progress.end !== null || isOver(state.status)),
    closed: nodes.every(
      ({ state, progress }) => (progress.end !== null && progress.log !== null && progress.settled) || isOver(state.status),
    ),
    startedAt: starts.length > 0 ? Math.min(...starts) : null,
  };
}

const isOver = (status: JobRecord['state']['status']): boolean => isEnded(status) || status === 'interrupted';

export interface OwnEnd {
  node: JobRecord;
  outcome: Outcome;
}

/** How each node that ended did so, by itself or as it was told; not those that were ended for another node. */
export const ownEnds = (run: Pick<RunRecord, 'intent' | 'spec'>, nodes: readonly JobRecord[]): OwnEnd[] =>
  nodes.flatMap((node) => {
    const { end } = node.progress;
    if (!end || (node.progress.endedFor ?? null) !== null) return [];
    const memory = run.spec.jobs[node.job]?.memory ?? null;
    return [{ node, outcome: outcomeOf(end, run.intent, node.progress, memory === null ? null : formatSize(memory)) }];
  });

/**
 * The node for whose failure the others are ended; null: none has failed. Of several it is the first: what the others died of is mostly that. A restart of the
 * host comes before whatever it led to.
 */
export function culpritOf(run: Pick<RunRecord, 'intent' | 'spec'>, nodes: readonly JobRecord[]): OwnEnd | null {
  const rank = ({ outcome }: OwnEnd): number => (outcome.status === 'failed' && outcome.code === 'host_restarted' ? 0 : 1);
  const endOf = ({ node }: OwnEnd): number => node.progress.end?.finishedAt ?? 0;
  const failed = ownEnds(run, nodes).filter(({ outcome, node }) => outcome.status === 'failed' && !wasTold(run, node));
  return failed.toSorted((a, b) => rank(a) - rank(b) || endOf(a) - endOf(b) || a.node.job - b.node.job)[0] ?? null;
}

/** Its end is what somebody, or its max_duration, asked for. */
export const wasTold = (run: Pick<RunRecord, 'intent'>, { progress }: JobRecord): boolean =>
  run.intent !== null &&
  !progress.end?.problem &&
  (progress.terminatedAt !== null || progress.killedAt !== null || progress.end?.startedAt === null);
