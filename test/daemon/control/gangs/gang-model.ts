/** The nodes of a run, each driven by the plan, with an engine that does at once what it is told. For the order of things, which is what the nodes can get wrong. */
import { gangView, nodesOf } from '../../../../daemon/control/gangs/gang.ts';
import { gangVerdict, nodeState } from '../../../../daemon/control/gangs/gang-verdict.ts';
import { culpritOf } from '../../../../daemon/control/gangs/gang.ts';
import { endOf, plan, type Decision, type StepName } from '../../../../daemon/control/plan.ts';
import type { Container } from '../../../../daemon/engine/engine.ts';
import { freshProgress, type End, type Intent, type JobRecord, type RunRecord } from '../../../../daemon/store/records.ts';

interface Node {
  record: JobRecord;
  container: Container['state'] | null;
  /** what a process knows, and forgets when it dies */
  live: { image: boolean; workspace: boolean; claimed: boolean; confirmed: boolean; recording: boolean };
}

export class GangModel {
  readonly run: RunRecord;
  readonly nodes: Node[];
  /** every step, in order: `0 startContainer` */
  readonly story: string[] = [];
  now = 1000;
  /** nodes that lose their GPUs when they claim them next */
  readonly losing = new Set<number>();
  /** nodes whose workspace cannot be made */
  readonly spoilt = new Set<number>();

  constructor(count: number, retry = 0) {
    const jobs = Array.from({ length: count }, (_, rank) => ({ memory: null, gang: { rank, nodes: count } }));
    this.run = { intent: null, spec: { jobs, retry, interruptible: true } } as unknown as RunRecord;
    this.nodes = jobs.map((_, job) => this.#placed(job, 1));
  }

  #placed(job: number, attempt: number): Node {
    const state = { status: 'preparing', since: 0, host: 'local', gpus: [`GPU-${job}`] } as const;
    return {
      record: { runId: 1, job, attempt, state: { ...state, gpus: [...state.gpus] }, progress: freshProgress(), open: true },
      container: null,
      live: fresh(),
    };
  }

  get records(): JobRecord[] {
    return this.nodes.map((node) => node.record);
  }

  stop(how: Intent['how']): void {
    this.run.intent = { how, at: this.now, reason: null };
  }

  /** As the scheduler does: all that have not ended, at once. */
  preempt(): void {
    for (const { record } of this.nodes)
      if (!record.progress.end && record.state.status !== 'queued')
        record.progress.preempted = { for: 'red-fox-1', runId: 2, at: this.now };
  }

  /** The container ends by itself, or is killed by somebody. */
  exit(job: number, exitCode: number): void {
    const node = this.nodes[job]!;
    if (node.container?.status !== 'running') return;
    node.container = {
      status: 'exited',
      startedAt: node.container.startedAt,
      finishedAt: ++this.now,
      exitCode,
      outOfMemory: false,
      error: '',
    };
  }

  /** A new process knows nothing but what is recorded. */
  crash(): void {
    for (const node of this.nodes) node.live = fresh();
  }

  /** One round of a node's driver; false: it has nothing to do. */
  round(job: number): boolean {
    const decision = this.#decide(this.nodes[job]!);
    if (decision.do === 'wait') {
      // its grace is over
      if (decision.until === null || decision.until <= this.now) return false;
      this.now = decision.until;
      return true;
    }
    this.story.push(`${job} ${decision.do}`);
    this.#do(this.nodes[job]!, decision.do);
    return true;
  }

  get over(): boolean {
    return this.records.every(({ open }) => !open);
  }

  get queued(): boolean {
    return this.records.every(({ state }) => state.status === 'queued');
  }

  #decide({ record, container, live }: Node): Decision {
    if (!record.open) return { do: 'wait', until: null };
    const gang = gangView(this.run, nodesOf(this.records, record.attempt));
    const told = record.progress.terminatedAt;
    return plan(
      record,
      { intent: this.run.intent, gracePeriod: 10, maxDuration: null, warningPeriod: 60, gang },
      {
        now: this.now,
        container: container && { id: String(record.job), name: '', labels: {}, image: '', imageId: '', ports: [], state: container },
        imageReady: live.image,
        workspaceReady: live.workspace,
        gpusClaimed: live.claimed,
        gpusConfirmed: live.confirmed,
        recording: live.recording,
        recordingEndedAt: null,
        startSettled: true,
        left: { started: container !== null && container.status !== 'created', exitCode: null },
        ranFor: 0,
        terminatedFor: told === null ? 0 : this.now - told,
        killedFor: 0,
      },
    );
  }

  #do(node: Node, step: StepName): void {
    const { record, live } = node;
    const { progress } = record;
    const others = nodesOf(this.records, record.attempt).filter((one) => one !== record);
    const culprit = culpritOf(this.run, nodesOf(this.records, record.attempt))?.node.job ?? null;
    const ended = (over: Partial<End>): void => {
      progress.end = {
        startedAt: null,
        finishedAt: this.now,
        exitCode: null,
        outOfMemory: false,
        byItself: false,
        epochChanged: false,
        problem: null,
        ...over,
      };
    };
    this.now++;
    if (step === 'pullImage') live.image = true;
    else if (step === 'prepareWorkspace' && this.spoilt.has(record.job)) ended({ problem: { code: 'workspace', message: 'no room' } });
    else if (step === 'prepareWorkspace') live.workspace = true;
    else if (step === 'noteReady') progress.ready = this.now;
    else if (step === 'takeBack' || (step === 'claimGpus' && this.losing.delete(record.job))) {
      if (others.some((one) => one.progress.startIntent !== null || one.progress.end))
        return ended({ problem: { code: 'gpus_taken', message: 'x' } });
      node.container = null;
      record.state = { status: 'queued', since: this.now };
      Object.assign(progress, { preempted: null, ready: null, startIntent: null });
    } else if (step === 'claimGpus') live.claimed = true;
    else if (step === 'createContainer') node.container = { status: 'created' };
    else if (step === 'confirmGpus') live.confirmed = true;
    else if (step === 'startContainer') {
      const gang = gangView(this.run, nodesOf(this.records, record.attempt));
      if (!gang.ready || gang.over) return;
      progress.startIntent = this.now;
      node.container = { status: 'running', startedAt: this.now, pid: 1 };
    } else if (step === 'noteRunning')
      record.state = { ...(record.state as { host: string; gpus: string[] }), status: 'running', since: this.now, startedAt: this.now };
    else if (step === 'followLog') live.recording = true;
    else if (step === 'noteStopping') {
      progress.endedFor = culprit;
      const how = endOf(record, { intent: this.run.intent }) ?? 'stop';
      record.state = { ...(record.state as { host: string; gpus: string[]; startedAt: number }), status: 'stopping', since: this.now, how };
    } else if (step === 'terminate') {
      progress.terminatedAt = this.now;
      this.exit(record.job, 143);
    } else if (step === 'kill') {
      progress.killedAt = this.now;
      this.exit(record.job, 137);
    } else if (step === 'giveUp') {
      ended({});
      progress.endedFor = culprit;
    } else if (step === 'readEnd') {
      if (node.container?.status === 'exited')
        ended({
          startedAt: node.container.startedAt,
          finishedAt: node.container.finishedAt,
          exitCode: node.container.exitCode,
          byItself: node.container.exitCode !== 137,
        });
      else ended({ startedAt: 1, problem: { code: 'container_removed', message: 'gone' } });
    } else if (step === 'collectLog') progress.log = 'complete';
    else if (step === 'settleArtifacts') progress.settled = true;
    else if (step === 'finish') this.#finish(record.attempt);
    else if (step === 'removeContainer') node.container = null;
    else if (step === 'discard') record.open = false;
    else throw new Error(`the model has no ${step}`);
  }

  #finish(attempt: number): void {
    const all = nodesOf(this.records, attempt);
    const verdict = gangVerdict(this.run, all, [], 10, false);
    for (const one of all) one.state = nodeState(this.run, one, verdict, this.now);
  }
}

const fresh = (): Node['live'] => ({ image: false, workspace: false, claimed: false, confirmed: false, recording: false });
