/**
 * The event loop: runs arrive, end and are interrupted; after every instant at which something happened the policy decides once. Starting
 * takes no time; an interrupted run holds what it has for the grace period, loses all it did, and goes back to the queue.
 */
import type { Placement, Running, Situation, Waiting } from '../../../daemon/scheduler/model.ts';
import { createHeap } from './heap.ts';
import { gpusOf, type Scenario, type Task } from './model.ts';
import type { Policy } from './policies/policy.ts';
import { createPool } from './pool.ts';
import type { Room } from './rooms.ts';
import { asRunning } from './running.ts';
import { createUsageBook } from './usage.ts';

/** One run's life. */
export interface Life {
  task: Task;
  /** the last one ended by itself, those before were interrupted */
  attempts: { began: number; ended: number; placement: Placement }[];
  /** ms in the queue, all its stays together */
  waited: number;
}

/** What stands between two events. */
export interface Moment {
  now: number;
  until: number;
  rooms: readonly Room[];
  waiting: readonly Waiting[];
}

export interface Outcome {
  policy: string;
  lives: Life[];
  /** ms each decision took */
  decisions: number[];
}

export interface Hooks {
  /** called after every decision, with what it was given */
  decided?(situation: Situation, decision: ReturnType<Policy['decide']>, rooms: readonly Room[]): void;
  /** called for every stretch of time */
  passed?(moment: Moment): void;
}

type Event = { kind: 'arrives'; task: Task } | { kind: 'ends'; task: Task; attempt: number } | { kind: 'again' };

/** From SIGTERM until an interrupted run is gone, ms. */
export const grace = 10_000;

export function simulate(scenario: Scenario, policy: Policy, hooks: Hooks = {}): Outcome {
  const { hosts, tasks } = scenario;
  const events = createHeap<Event>();
  const pool = createPool(hosts);
  const usage = createUsageBook();
  const lives = new Map(tasks.map((task) => [task.id, { task, attempts: [], waited: 0 } as Life]));
  const queuedAt = new Map<string, number>();
  const interrupted = new Set<string>();
  const decisions: number[] = [];
  let waiting: Waiting[] = [];
  let running: Running[] = [];
  let again: number | null = null;
  for (const task of tasks) events.add(task.arrives, { kind: 'arrives', task });

  for (let now = events.peek(); now !== null;) {
    let happened = false;
    while (events.peek() === now) happened = handle(events.pop()!, now) || happened;
    if (happened && waiting.length > 0) decideAt(now);
    const until: number | null = events.peek();
    if (until === null) break;
    hooks.passed?.({ now, until, rooms: pool.rooms, waiting });
    now = until;
  }
  if (waiting.length > 0) throw new Error(`${policy.name} never starts ${waiting.length} runs, ${waiting[0]!.id} the first of them`);
  return { policy: policy.name, lives: [...lives.values()], decisions };

  /** Whether it changed anything. */
  function handle(event: Event, now: number): boolean {
    switch (event.kind) {
      case 'arrives':
        queue(event.task, now, false);
        return true;
      case 'again':
        return again === now;
      case 'ends': {
        const life = lives.get(event.task.id)!;
        // the end of an attempt that was interrupted before
        if (life.attempts.length !== event.attempt || !running.some(({ id }) => id === event.task.id)) return false;
        end(life, now);
        return true;
      }
    }
  }

  function queue(task: Task, now: number, preempted: boolean): void {
    queuedAt.set(task.id, now);
    waiting = [...waiting, asWaiting(task, preempted)];
  }

  function end({ task, attempts }: Life, now: number): void {
    const attempt = attempts.at(-1)!;
    attempt.ended = now;
    running = running.filter(({ id }) => id !== task.id);
    pool.release(task);
    usage.change(task.user, -gpusOf(task), now);
    const finished = now - attempt.began >= task.runs;
    if (interrupted.delete(task.id) && !finished) queue(task, now, true);
  }

  function decideAt(now: number): void {
    const limits = () => ({ gpus: null, runs: null });
    const situation: Situation = { now, waiting, running, hosts, usage: usage.at(now), limits };
    const begun = performance.now();
    const decision = policy.decide(situation, (id) => lives.get(id)!.task.runs);
    decisions.push(performance.now() - begun);
    for (const placement of decision.placements) start(placement, now);
    const placed = new Set(decision.placements.map(({ id }) => id));
    if (placed.size > 0) waiting = waiting.filter(({ id }) => !placed.has(id));
    for (const { id } of decision.preemptions) interrupt(id, now);
    again = decision.again;
    if (again !== null && again > now) events.add(again, { kind: 'again' });
    hooks.decided?.(situation, decision, pool.rooms);
  }

  function start(placement: Placement, now: number): void {
    const run = waiting.find(({ id }) => id === placement.id);
    if (!run) throw new Error(`${policy.name} starts ${placement.id}, which does not wait`);
    const life = lives.get(run.id)!;
    pool.take(life.task, placement);
    usage.change(run.user, gpusOf(life.task), now);
    running = [...running, asRunning(run, placement, now)];
    life.waited += now - queuedAt.get(run.id)!;
    life.attempts.push({ began: now, ended: now, placement });
    events.add(now + life.task.runs, { kind: 'ends', task: life.task, attempt: life.attempts.length });
  }

  function interrupt(id: string, now: number): void {
    const run = running.find((candidate) => candidate.id === id);
    if (!run?.interruptible || run.stopping) throw new Error(`${policy.name} interrupts ${id}, which cannot be`);
    running = running.map((other) => (other === run ? { ...run, stopping: true } : other));
    interrupted.add(id);
    const { task, attempts } = lives.get(id)!;
    events.add(now + grace, { kind: 'ends', task, attempt: attempts.length });
  }
}

const asWaiting = (task: Task, preempted: boolean): Waiting => ({
  id: task.id,
  run: task.id,
  user: task.user,
  priority: task.priority,
  submittedAt: task.arrives,
  interruptible: task.interruptible,
  preempted,
  notBefore: null,
  maxDuration: task.bound,
  jobs: task.jobs,
  avoid: new Map(),
});
