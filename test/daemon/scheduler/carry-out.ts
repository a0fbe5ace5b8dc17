/** What a decision makes of a situation, for tests that go on from there. */
import { decide } from '../../../daemon/scheduler/decide.ts';
import type { Decision, Running, Situation, Waiting } from '../../../daemon/scheduler/model.ts';

export const byIdOrNull = (given: Situation, id: string): Waiting | null => given.waiting.find((run) => run.id === id) ?? null;
export const byId = (given: Situation, id: string): Waiting => byIdOrNull(given, id)!;

/** The run as it runs once it is placed. */
export function placed(given: Situation, { id, jobs }: Decision['placements'][number]): Running {
  const run = byId(given, id);
  const held = jobs.map((at) => {
    const ask = run.jobs.find((job) => job.id === at.id)!;
    return { host: at.host, cpu: ask.cpu ?? 0, memory: ask.memory ?? 0, gpus: at.gpus };
  });
  const { user, interruptible, maxDuration } = run;
  return {
    id,
    run: id,
    user,
    interruptible,
    startedAt: given.now,
    endsAt: maxDuration === null ? null : given.now + maxDuration,
    stopping: false,
    jobs: held,
  };
}

/** The situation right after the decision was carried out: the placed run, the interrupted are being stopped. */
export function after(given: Situation, decision: Decision): Situation {
  const gone = new Set(decision.placements.map((one) => one.id));
  const interrupted = new Map(decision.preemptions.map((one) => [one.id, one.for]));
  return {
    ...given,
    waiting: given.waiting.filter((run) => !gone.has(run.id)),
    running: [
      ...given.running.map((run) => (interrupted.has(run.id) ? { ...run, stopping: true, makesWayFor: interrupted.get(run.id)! } : run)),
      ...decision.placements.map((one) => placed(given, one)),
    ],
  };
}

/** The order in which runs are looked at: all wait when no host is open. */
export const inLine = (given: Situation): string[] =>
  decide({ ...given, hosts: given.hosts.map((host) => ({ ...host, blocked: 'closed' })) }).order;
