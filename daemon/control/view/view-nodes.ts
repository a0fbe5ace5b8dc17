/** What there is to say of the nodes of a run; of a run with one job it is what that job has to say. */
import { isEnded } from '../../../shared/states.ts';
import type { JobRecord, RunRecord } from '../../store/records.ts';
import { culpritOf, isGang, nodesOf } from '../gangs/gang.ts';
import { nodeReason } from '../gangs/gang-verdict.ts';

/** Why the run failed, by the job that stands for it; null: it did not. */
export function failureReason(run: RunRecord, { job, state }: JobRecord): string | null {
  if (state.status !== 'failed') return null;
  const ofAll = state.reasonCode === 'max_duration' || state.reasonCode === 'idle';
  return isGang(run) && !ofAll ? nodeReason(job, state.reason, state.exitCode) : state.reason;
}

/** The node whose failure ended the run, or is ending it; null: there are no several, or none has failed. */
export function culpritNode(run: RunRecord, latest: readonly JobRecord[]): number | null {
  if (!isGang(run)) return null;
  const [first] = latest;
  return first ? (culpritOf(run, nodesOf(latest, first.attempt))?.node.job ?? null) : null;
}

/** What is missing or went wrong without making the run fail: the records of its output, its artifacts. */
export const troubles = (run: RunRecord, latest: readonly JobRecord[]): string[] =>
  latest.flatMap(({ job, progress: { log, remark } }) => {
    const lost = log !== null && log !== 'complete' ? `its log is incomplete: ${log.incomplete}` : null;
    return [lost, remark].filter((text) => text !== null).map((text) => ofNode(run, job, text));
  });

const ofNode = (run: RunRecord, job: number, text: string): string => (isGang(run) ? `node ${job}: ${text}` : text);

/** What the jobs do now: of several nodes the failure that ends them, else the first that has something to say. */
export function doingOfNodes(run: RunRecord, latest: readonly JobRecord[], doing: (job: JobRecord) => string | null): string | null {
  const [first] = latest;
  if (!first) return null;
  if (!isGang(run) || first.state.status === 'queued') return doing(first);
  const culprit = culpritOf(run, nodesOf(latest, first.attempt));
  if (culprit && latest.some(({ state }) => !isEnded(state.status) && state.status !== 'interrupted')) {
    const why = 'reason' in culprit.outcome ? culprit.outcome.reason : '';
    return `${nodeReason(culprit.node.job, why, culprit.node.progress.end?.exitCode ?? null)}; the other nodes are being ended`;
  }
  const said = latest.map((job) => ({ job, text: doing(job) })).find(({ text }) => text !== null);
  return said?.text == null ? null : said.job === first ? said.text : ofNode(run, said.job.job, said.text);
}
