import { matches } from '../../scheduler/match.ts';
import type { JobRecord, RunRecord } from '../../store/records.ts';
import type { Attempt } from '../attempt.ts';
import { culpritOf, isGang, nodesOf } from '../gangs/gang.ts';
import { gangVerdict, type GangVerdict } from '../gangs/gang-verdict.ts';
import { verdict, type Verdict } from '../outcome.ts';
import type { ControlParts } from '../parts.ts';
import { watchVerdict } from '../watch/watch-verdict.ts';

type Parts = Pick<ControlParts, 'store' | 'config' | 'hosts' | 'gpus'>;

/** The verdict on an attempt that ended, in the light of the earlier ones. */
export async function judge(parts: Parts, attempt: Attempt): Promise<Verdict> {
  const { run, job } = attempt;
  if (run.spec.watch) return watchVerdict(run, job);
  if (isGang(run)) return judgeGang(parts, run, job.attempt);
  const before = parts.store.jobs.ofRun(run.id).filter((other) => other.job === job.job && other.attempt < job.attempt);
  const wrongGpus = job.progress.end?.problem?.code === 'gpus';
  return verdict(run, job, before, parts.config.retryDelay, wrongGpus && (await elsewhere(parts, run, [...before, job])));
}

/** The verdict on all nodes of an attempt, each of which has ended. */
export async function judgeGang(parts: Parts, run: RunRecord, attempt: number): Promise<GangVerdict> {
  const all = parts.store.jobs.ofRun(run.id);
  const nodes = nodesOf(all, attempt);
  const culprit = culpritOf(run, nodes)?.node ?? nodes[0];
  const ofCulprit = all.filter((one) => one.job === culprit?.job && one.attempt <= attempt);
  const wrongGpus = culprit?.progress.end?.problem?.code === 'gpus';
  const before = ofCulprit.filter((one) => one.attempt < attempt);
  return gangVerdict(run, nodes, before, parts.config.retryDelay, wrongGpus && (await elsewhere(parts, run, ofCulprit)));
}

/** How often the wrong GPUs are put up with. */
const mostWrong = 3;

/** Whether a run that was given the wrong GPUs could have others: those of another host, or of this one. */
async function elsewhere(parts: Parts, { spec }: RunRecord, attempts: readonly JobRecord[]): Promise<boolean> {
  const wrong = attempts.flatMap(({ state, progress }) =>
    progress.end?.problem?.code === 'gpus' && 'host' in state && state.host ? [{ host: state.host, gpus: state.gpus }] : [],
  );
  if (wrong.length >= mostWrong) return false;
  if (parts.hosts().some((host) => !wrong.some((one) => one.host === host))) return true;
  const gpu = spec.jobs[0]?.gpu ?? null;
  const [{ host } = { host: '' }] = wrong;
  // one that asked for none and saw some: nothing can be kept back
  if (!gpu || host === '') return false;
  const suspects = parts.gpus.suspects.all();
  const tried = new Set(wrong.flatMap(({ gpus }) => gpus));
  const left = (await parts.gpus.of(host)).filter((one) => one.problem === null && !suspects.has(one.uuid) && !tried.has(one.uuid));
  return left.filter((one) => matches(one, gpu)).length >= gpu.count * spec.jobs.length;
}
