/**
 * Asks the scheduler, and writes down what it decides: who starts where, who makes room for whom. One decision at a time; a request during one
 * leads to one more. What the scheduler is told is read anew each time, so that a lost event or a killed daemon heals by itself.
 */
import { messageOf } from '../../../shared/result.ts';
import { EngineError } from '../../engine/engine.ts';
import type { Host, HostFacts } from '../../hosts/host.ts';
import { decide } from '../../scheduler/decide.ts';
import type { Decision, HostState, Running } from '../../scheduler/model.ts';
import type { JobRecord } from '../../store/records.ts';
import { neededGpus, type GpuHolder } from '../claims/claims.ts';
import { hostState, shortOfDisk, type HostView } from './host-state.ts';
import type { ControlParts } from '../parts.ts';
import { createPrefetch } from './prefetch.ts';
import { createSituationReader, type QueuedRun } from './situation.ts';

export interface Scheduling {
  /** looks who can start now */
  reschedule(): void;
  /** where the run stands in the queue, from 1; null: it does not wait, or nobody looked yet */
  position(runId: number): number | null;
  /** why it waits, with its place in line; null: it does not wait, or nobody looked yet */
  reason(runId: number): string | null;
  explain(runId: number): ReturnType<Decision['explain']> | null;
  /** ids of the waiting runs, the next first */
  order(): number[];
  /** what the hosts have, whoever has it now; only who wants GPUs waits until it is known which there are */
  hosts(wantsGpus: boolean): Promise<HostState[]>;
  /** which run has each GPU, of this daemon or another one */
  holders(): Promise<Map<string, GpuHolder>>;
  /** why each GPU is not handed out now though no run of ours has it; null: it is, or a run of ours has it */
  gpuStates(): Promise<Map<string, string | null>>;
  /** resolves when no decision is under way */
  settled(): Promise<void>;
}

/** How often a host is looked at again that was short of disk (ms): nobody tells when there is room. */
const lookForRoomEvery = 2_000;
/** The same for GPUs that another daemon has: one look is one call to the engine. */
const lookForOthersEvery = 1_000;

interface Look {
  facts: HostFacts;
  /** what HostView has of the engine */
  containers: ReadonlySet<string>;
  others: ReadonlyMap<string, GpuHolder>;
  /** why the engine did not answer; null: it did, or was not asked */
  away: string | null;
}

interface Hooks {
  /** an attempt has got its host, or shall end */
  wake(job: JobRecord): void;
  changed(runId: number): void;
}

export function createScheduling(parts: ControlParts, host: Host, hooks: Hooks): Scheduling {
  const reader = createSituationReader(parts.store, parts.hosts);
  const prefetch = createPrefetch(parts);
  const lastHeld = new Map<string, number>();
  let heldBefore = new Set<string>();
  let latest: { decision: Decision; positions: Map<string, number> } | null = null;
  let underWay: Promise<void> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  /** What is asked of the host and its engine; nothing that costs where it has no GPU. */
  const look = async (wanted: boolean): Promise<Look> => {
    // who wants none shall not wait for a slow nvidia-smi
    const facts = await host.facts({ anyGpus: !wanted });
    const seen: Look = { facts, containers: new Set(), others: new Map(), away: null };
    if (!wanted || facts.gpus.length === 0) return seen;
    try {
      return { ...seen, containers: await parts.claims.containers(), others: await parts.claims.others() };
    } catch (error) {
      // who waits is told so, and starts nowhere
      if (!(error instanceof EngineError)) throw error;
      return { ...seen, away: error.message };
    }
  };

  /** Remembers until when each GPU was held: one that was at the last look, and is no more, was until about now. */
  const noteHeld = (running: readonly Running[]): void => {
    const now = parts.now();
    const held = gpusOf(running);
    for (const uuid of [...heldBefore, ...held]) lastHeld.set(uuid, now);
    heldBefore = held;
  };

  const stateOf = ({ facts, containers, others, away }: Look, running: readonly Running[]): HostState => {
    noteHeld(running);
    const engine = parts.monitor.state();
    const why = engine.status === 'unreachable' ? engine.why : away;
    // while nobody knows what policy allows, nothing starts
    const blocked = parts.policy.problem() ?? (why === null ? null : `${why}; see: dstack doctor`);
    return hostState(facts, {
      now: parts.now(),
      minFreeDisk: parts.config.minFreeDisk,
      busyMemory: parts.config.gpus.busyMemory,
      blocked,
      lastHeld,
      containers,
      others,
      suspects: parts.gpus.suspects.all(),
    });
  };

  const decideOnce = async (): Promise<void> => {
    clearTimeout(timer);
    if (!parts.store.jobs.anyQueued()) {
      latest = null;
      // nobody waits now; who comes next shall not take what our own runs had on a GPU for somebody else's
      noteHeld(reader.read(parts.now()).running);
      return void parts.claims.reconcile(neededGpus(parts.store));
    }
    const seen = await look(reader.wantsGpus());
    // read only now: while the host was asked, much may have happened
    const { queue, running } = reader.read(parts.now());
    const state = stateOf(seen, running);
    const waiting = new Map(queue.map((run) => [run.waiting.id, run]));
    const decision = decide({
      now: parts.now(),
      waiting: queue.map((run) => run.waiting),
      running,
      hosts: [state],
      usage: parts.usage(),
      limits: (user) => parts.policy.limits(user),
    });
    const placed = carryOut(decision, waiting);
    for (const gpu of decision.placements.flatMap(({ jobs }) => jobs.flatMap(({ gpus }) => gpus))) heldBefore.add(gpu);
    latest = { decision, positions: new Map(decision.order.map((id, index) => [id, index + 1])) };
    if (placed.length > 0) parts.logger.debug({ jobs: placed.length }, 'placed');
    for (const job of placed) hooks.wake(job);
    // on a host that is short of disk it would take the room that is missing
    if (state.blocked === null) prefetch(decision.order);
    for (const { waiting: run } of queue) hooks.changed(Number(run.id));
    if (state.gpus.length > 0) void parts.claims.reconcile(neededGpus(parts.store));
    const pause = nextLook(decision, state, seen);
    if (decision.order.length > 0 && pause !== null) timer = setTimeout(reschedule, pause);
  };

  /** Writes the decision down, in one transaction; answers the attempts that have something to do now. */
  const carryOut = (decision: Decision, waiting: ReadonlyMap<string, QueuedRun>): JobRecord[] => {
    const { jobs } = parts.store;
    const concerned: JobRecord[] = [];
    if (decision.placements.length + decision.preemptions.length === 0) return concerned;
    const now = parts.now();
    parts.store.transaction(() => {
      for (const placement of decision.placements) {
        for (const { id, host: name, gpus } of placement.jobs) {
          const key = waiting.get(placement.id)?.jobs.find((job) => String(job.job) === id);
          const job = key && jobs.get(key.runId, key.job, key.attempt);
          if (job?.state.status !== 'queued') continue;
          job.state = { status: 'preparing', since: now, host: name, gpus };
          jobs.update(job);
          concerned.push(job);
        }
      }
      const victims = decision.preemptions.length > 0 ? jobs.placed() : [];
      for (const preemption of decision.preemptions) {
        for (const job of victims) {
          if (String(job.runId) !== preemption.id || job.progress.preempted || job.progress.end) continue;
          job.progress.preempted = { for: waiting.get(preemption.for)?.name ?? '', runId: Number(preemption.for), at: now };
          jobs.update(job);
          concerned.push(job);
        }
      }
    });
    return concerned;
  };

  /** When to look again though nobody tells (ms from now); null: somebody will. */
  const nextLook = (decision: Decision, state: HostState, { facts, others, away }: Look): number | null => {
    const pauses = [
      ...(decision.again === null ? [] : [Math.max(0, decision.again - parts.now())]),
      ...(shortOfDisk(facts, parts.config.minFreeDisk) !== null ? [lookForRoomEvery] : []),
      // other daemons and foreign processes come and go as they like
      ...(others.size > 0 || away !== null ? [lookForOthersEvery] : []),
      ...(state.gpus.some((gpu) => gpu.busy !== null && !gpu.never) ? [parts.config.gpus.readEvery * 1000] : []),
    ];
    return pauses.length === 0 ? null : Math.min(...pauses, 60_000);
  };

  const reschedule = (): void => {
    again = true;
    if (underWay || parts.signal.aborted) return;
    underWay = (async () => {
      while (again && !parts.signal.aborted) {
        // what is asked for in the same moment is answered by one decision
        await new Promise((resolve) => setImmediate(resolve));
        again = false;
        await decideOnce().catch((error: unknown) => {
          parts.logger.error({ error: messageOf(error) }, 'scheduling failed');
          // a disk that is full, mostly: nobody else would come back to it soon
          timer = setTimeout(reschedule, lookForRoomEvery);
        });
      }
    })().finally(() => {
      underWay = null;
      // asked for when it was about to end
      if (again) reschedule();
    });
  };
  parts.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });

  const position = (runId: number): number | null => latest?.positions.get(String(runId)) ?? null;
  return {
    reschedule,
    position,
    reason(runId) {
      const place = position(runId);
      if (place === null || !latest) return null;
      // one that pauses after a failure has no place in line yet
      if (latest.decision.paused.has(String(runId))) return latest.decision.reason(String(runId));
      return `${place === 1 ? 'next in line' : `number ${place} in line`}, ${latest.decision.reason(String(runId))}`;
    },
    explain: (runId) => (position(runId) === null ? null : (latest?.decision.explain(String(runId)) ?? null)),
    order: () => latest?.decision.order.map(Number) ?? [],
    hosts: async (wantsGpus) => [hostState(await host.facts({ anyGpus: !wantsGpus }), asIfEmpty)],
    async holders() {
      const held = new Map(await parts.claims.others());
      for (const run of reader.read(parts.now()).running) {
        for (const uuid of run.jobs.flatMap((job) => job.gpus))
          held.set(uuid, { run: run.run, user: run.user, installation: parts.installation });
      }
      return held;
    },
    async gpuStates() {
      const seen = await look(true);
      const { running } = reader.read(parts.now());
      const held = gpusOf(running);
      return new Map(stateOf(seen, running).gpus.map(({ uuid, busy, never }) => [uuid, held.has(uuid) && !never ? null : busy]));
    },
    settled: async () => void (await underWay),
  };
}

/** What a host has, whoever has it now. */
const asIfEmpty: HostView = {
  now: 0,
  minFreeDisk: 0,
  busyMemory: Infinity,
  blocked: null,
  lastHeld: new Map(),
  containers: new Set(),
  others: new Map(),
  suspects: new Map(),
};

const gpusOf = (running: readonly Running[]): Set<string> => new Set(running.flatMap((run) => run.jobs.flatMap((job) => job.gpus)));
