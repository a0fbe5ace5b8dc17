/** The scheduler's promises, each in a thousand random situations, judged by counting of the tests' own. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../daemon/scheduler/decide.ts';
import { matches } from '../../../daemon/scheduler/match.ts';
import type { Decision, Running, Situation, Waiting } from '../../../daemon/scheduler/model.ts';
import { after, byId, byIdOrNull, inLine, placed } from './carry-out.ts';
import { fits, ledgerOf, situations, type Ledger } from './random-situations.ts';
import { now } from './situations.ts';

const often = { numRuns: 1000 };
test('no GPU twice, nothing over capacity, all that is asked for, on hosts that may be used; gangs whole; limits kept', () => {
  fc.assert(
    fc.property(situations(), (given) => {
      const decision = decide(given);
      const next = after(given, decision);
      const gpus = next.running.flatMap((run) => run.jobs.flatMap((job) => job.gpus));
      expect(new Set(gpus).size).toBe(gpus.length);
      for (const { cpu, memory } of ledgerOf(next.hosts, next.running).hosts) expect(Math.min(cpu, memory)).toBeGreaterThanOrEqual(0);
      for (const { id, jobs } of decision.placements) {
        const run = byId(given, id);
        expect(jobs.map((job) => job.id)).toEqual(run.jobs.map((job) => job.id));
        expect(run.notBefore === null || run.notBefore <= now).toBe(true);
        for (const [n, job] of jobs.entries()) {
          const host = given.hosts.find((one) => one.name === job.host)!;
          expect([host.blocked, run.avoid.has(host.name)]).toEqual([null, false]);
          const want = run.jobs[n]!.gpu;
          expect(job.gpus).toHaveLength(want?.count ?? 0);
          for (const uuid of job.gpus) {
            const gpu = host.gpus.find((one) => one.uuid === uuid)!;
            expect([gpu.busy, gpu.never, want && matches(gpu, want)]).toEqual([null, false, true]);
          }
        }
      }
      const { gpus: granted, runs } = given.limits('ann');
      const anns = next.running.filter((run) => run.user === 'ann');
      if (decision.placements.some(({ id }) => byId(given, id).user === 'ann')) {
        expect(anns.length).toBeLessThanOrEqual(runs ?? Infinity);
        const started = decision.placements.some(
          ({ id, jobs }) => byId(given, id).user === 'ann' && jobs.some((job) => job.gpus.length > 0),
        );
        if (started) expect(anns.flatMap((run) => run.jobs.flatMap((job) => job.gpus)).length).toBeLessThanOrEqual(granted ?? Infinity);
      }
    }),
    often,
  );
});

test('every run is placed or waits, once, and who waits has a reason and a story', () => {
  fc.assert(
    fc.property(situations(), (given) => {
      const decision = decide(given);
      const ids = [...decision.placements.map((one) => one.id), ...decision.order];
      expect(ids.toSorted()).toEqual(given.waiting.map((run) => run.id).toSorted());
      for (const id of decision.order) {
        expect(decision.reason(id)).toMatch(/^\S.*\S$/);
        expect(decision.reason(id)).not.toMatch(/undefined|NaN|null|its turn/);
        expect(decision.explain(id).candidates.map((one) => one.host)).toEqual(given.hosts.map((one) => one.name));
      }
      const pauses = given.waiting.flatMap((run) => (run.notBefore !== null && run.notBefore > now ? [run.notBefore] : []));
      expect(decision.again).toBe(pauses.length > 0 ? Math.min(...pauses) : null);
    }),
    often,
  );
});

test('the order of what it is given does not matter', () => {
  const shuffled = situations().chain((given) =>
    fc.record({
      given: fc.constant(given),
      hosts: fc.shuffledSubarray([...given.hosts], { minLength: given.hosts.length }),
      running: fc.shuffledSubarray([...given.running], { minLength: given.running.length }),
      waiting: fc.shuffledSubarray([...given.waiting], { minLength: given.waiting.length }),
    }),
  );
  const all = (given: Situation) => {
    const { placements, preemptions, order, again, reason, explain } = decide(given);
    return { placements, preemptions, order, again, reasons: order.map(reason), stories: order.map(explain) };
  };
  fc.assert(
    fc.property(shuffled, ({ given, ...lists }) => {
      expect(all({ ...given, ...lists })).toEqual(all(given));
    }),
    often,
  );
});

test('interruptible runs are interrupted for one that is not, when nothing else serves it and they do, and no more than that takes', () => {
  fc.assert(
    fc.property(situations({ most: 1, limits: false }), (given) => {
      const decision = decide(given);
      const [run] = given.waiting;
      const victims = new Set(decision.preemptions.map((one) => one.id));
      expect(given.running.filter((one) => victims.has(one.id) && (!one.interruptible || one.stopping))).toEqual([]);
      const without = (gone: (one: Running) => boolean) =>
        fits(
          ledgerOf(
            given.hosts,
            given.running.filter((one) => !gone(one)),
          ),
          run!,
        );
      const pauses = run!.notBefore !== null && run!.notBefore > now;
      expect(decision.placements).toHaveLength(without(() => false) && !pauses ? 1 : 0);
      const needed =
        !run!.interruptible && !pauses && !without((one) => one.stopping) && without((one) => one.stopping || one.interruptible);
      expect(victims.size > 0).toBe(needed);
      if (!needed) return;
      expect(without((one) => one.stopping || victims.has(one.id))).toBe(true);
      for (const spared of victims) expect(without((one) => one.stopping || (victims.has(one.id) && one.id !== spared))).toBe(false);
    }),
    often,
  );
});

test('nobody is interrupted for an interruptible run, or for one that starts now', () => {
  fc.assert(
    fc.property(situations(), (given) => {
      const { preemptions, order } = decide(given);
      for (const one of preemptions) expect([byId(given, one.for).interruptible, order.includes(one.for)]).toEqual([false, true]);
      expect(new Set(preemptions.map((one) => one.id)).size).toBe(preemptions.length);
    }),
    often,
  );
});

test('it comes to rest: decisions carried out again and again end, and nobody is interrupted twice', () => {
  fc.assert(
    fc.property(situations({ limits: false }), (first) => {
      let given: Situation = { ...first, running: first.running.map((run) => ({ ...run, endsAt: null })) };
      const times = new Map<string, number>();
      for (let round = 0; ; round++) {
        expect(round).toBeLessThan(30);
        const decision = decide(given);
        const stopped = given.running.filter((run) => run.stopping);
        if (decision.placements.length + decision.preemptions.length + stopped.length === 0) break;
        for (const { id } of decision.preemptions) times.set(id, (times.get(id) ?? 0) + 1);
        const next = after(given, decision);
        // who was being stopped has gone now; an interrupted run goes back to the queue
        const back = stopped
          .filter((run) => run.interruptible)
          .map((run): Waiting => ({
            ...{
              id: run.id,
              run: run.run,
              user: run.user,
              priority: 0,
              submittedAt: 0,
              interruptible: true,
              preempted: true,
              notBefore: null,
              maxDuration: null,
              avoid: new Map(),
            },
            jobs: run.jobs.map((job, n) => ({
              id: String(n),
              cpu: job.cpu,
              memory: job.memory,
              gpu: job.gpus.length > 0 ? { count: job.gpus.length, name: null, memory: null } : null,
            })),
          }));
        given = {
          ...next,
          waiting: [...next.waiting, ...back],
          running: next.running.filter((run) => !stopped.some((one) => one.id === run.id)),
        };
      }
      expect(Math.max(0, ...times.values())).toBeLessThanOrEqual(1);
    }),
    often,
  );
});

test('asked again at once, it interrupts nobody else, and what is promised to one is not given to an interruptible one', () => {
  fc.assert(
    // one user, as the shares of several change with what is placed
    fc.property(situations({ limits: false, users: ['ann'] }), (given) => {
      const again = decide(after(given, decide(given)));
      expect(again.preemptions).toEqual([]);
      expect(again.placements.filter((one) => byId(given, one.id).interruptible)).toEqual([]);
    }),
    often,
  );
});

/** Carries decisions out and lets runs end when they must, until the run starts; null: it never does. */
function startOf(id: string, first: Situation): number | null {
  let given = first;
  for (;;) {
    const decision = decide(given);
    if (decision.placements.some((one) => one.id === id)) return given.now;
    given = after(given, decision);
    const ends = given.running.flatMap((run) => (run.endsAt === null ? [] : [Math.max(given.now, run.endsAt)]));
    const next = Math.min(...ends, decision.again ?? Infinity);
    if (next === Infinity) return null;
    given = { ...given, now: next, running: given.running.filter((run) => (run.endsAt ?? Infinity) > next) };
  }
}

/** One user, as the shares of several change while time passes. */
const plain = { limits: false, interruptible: 'none', users: ['ann'] } as const;

test('the first in line that cannot start is never delayed by those behind it', () => {
  fc.assert(
    fc.property(situations(plain), (random) => {
      const given = { ...random, waiting: random.waiting.filter((run) => run.notBefore === null) };
      const decision = decide(given);
      const [first] = decision.order.filter((id) => !decision.reason(id).includes('no host can'));
      if (first === undefined) return;
      const line = inLine(given);
      const before = line.slice(0, line.indexOf(first) + 1);
      const alone = startOf(first, { ...given, waiting: given.waiting.filter((run) => before.includes(run.id)) });
      const withAll = startOf(first, given);
      expect(withAll === null ? Infinity : withAll).toBeLessThanOrEqual(alone ?? Infinity);
    }),
    often,
  );
});

test('nor is it when it can start on several hosts, and what is kept for it moves', () => {
  // all ends are known, so that there always is a time by which it can start
  const known = situations({ ...plain, most: 12 }).map(({ waiting, running, ...rest }) => ({
    ...rest,
    waiting: waiting.map((run) => ({ ...run, notBefore: null, avoid: new Map<string, string>() })),
    running: running.map((run, n) => ({ ...run, endsAt: run.endsAt ?? now + 50 + n })),
  }));
  fc.assert(
    fc.property(known, (given) => {
      const decision = decide(given);
      const next = after(given, decision);
      for (const first of decision.order.slice(0, 1).map((id) => byId(given, id))) {
        const line = inLine(given);
        const before = line.slice(0, line.indexOf(first.id));
        // those before it have started: they hold what they hold
        const ahead = next.running.filter((run) => before.includes(run.id) || !byIdOrNull(given, run.id));
        const promised = startOf(first.id, { ...given, waiting: [first], running: ahead });
        if (promised !== null) expect(startOf(first.id, next) ?? Infinity).toBeLessThanOrEqual(promised);
      }
    }),
    often,
  );
});

test("no run is passed by one that came later than (usage + cost of its user's runs before it) / GPUs seconds after it", () => {
  const spread = situations({ limits: false, users: ['ann', 'bob', 'eve'] }).map((given) => ({
    ...given,
    usage: new Map([...given.usage].map(([user, used]) => [user, used * 30])),
    waiting: given.waiting.map((run) => ({ ...run, notBefore: null, submittedAt: run.submittedAt * 1e6 })),
  }));
  const rank = ({ interruptible, preempted, priority }: Waiting) => `${interruptible} ${preempted} ${priority}`;
  const cost = ({ jobs, maxDuration }: Waiting) =>
    Math.max(
      1 / 8,
      jobs.reduce((sum, { gpu }) => sum + (gpu?.count ?? 0), 0),
    ) * (maxDuration === null ? 3600 : maxDuration / 1000);
  fc.assert(
    fc.property(spread, (given) => {
      const gpus = Math.max(1, given.hosts.flatMap((one) => one.gpus).filter((gpu) => !gpu.never).length);
      const line = inLine(given).map((id) => byId(given, id));
      for (const [place, run] of line.entries()) {
        const before = line.slice(0, place);
        const own = before.filter(({ user }) => user === run.user).reduce((sum, one) => sum + cost(one), 0);
        const bound = run.submittedAt + (((given.usage.get(run.user) ?? 0) + own) / gpus) * 1000;
        for (const other of before) if (rank(other) === rank(run)) expect(other.submittedAt).toBeLessThanOrEqual(bound + 1e-3);
      }
    }),
    often,
  );
});

/** For each host that has room for the run of one job: how it would start there. Not where it matters which of several kinds of GPUs it takes. */
function waysToStart(ledger: Ledger, run: Waiting): Decision['placements'] {
  const [job] = run.jobs;
  if (!job || run.jobs.length > 1) return [];
  return ledger.hosts.flatMap((one) => {
    const { gpu } = job;
    const gpus = gpu ? one.gpus.filter((candidate) => matches(candidate, gpu)) : [];
    if (!fits({ hosts: [one] }, run) || new Set(gpus.map(({ name }) => name)).size > 1) return [];
    return [{ id: run.id, jobs: [{ id: job.id, host: one.state.name, gpus: gpus.slice(0, gpu?.count ?? 0).map(({ uuid }) => uuid) }] }];
  });
}

test('nothing idles for which a run waits that it would fit and that would not delay the first in line', () => {
  fc.assert(
    fc.property(situations({ ...plain, users: ['ann', 'bob'] }), (given) => {
      const decision = decide(given);
      const next = after(given, decision);
      const ledger = ledgerOf(next.hosts, next.running);
      const ready = decision.order.map((id) => byId(given, id)).filter((run) => run.notBefore === null || run.notBefore <= now);
      // the first that could start at all, were the hosts empty
      const first = ready.find((run) =>
        fits({ hosts: ledgerOf(next.hosts, []).hosts.map((one) => ({ ...one, gpus: one.state.gpus.filter((gpu) => !gpu.never) })) }, run),
      );
      for (const run of ready) {
        const room = fits(ledger, run);
        if (run === first || !first) {
          expect(room).toBe(false);
          continue;
        }
        if (!room) continue;
        // it may be kept waiting only for the first in line's sake: not on hosts that that one avoids or that lack what it asks for
        const useless = ledger.hosts.filter(
          ({ state }) =>
            !fits(
              { hosts: [{ state, cpu: state.cpus, memory: state.memory, gpus: state.gpus.filter((gpu) => !gpu.never) }] },
              { ...first, jobs: first.jobs.slice(0, 1) },
            ),
        );
        expect(fits({ hosts: useless }, run)).toBe(false);
        // and not if it ends before that one can start, or that one can start as soon elsewhere, or on the same host beside it
        const start = startOf(first.id, { ...next, waiting: [first] });
        if (start === null) continue;
        if (run.maxDuration !== null) expect(now + run.maxDuration).toBeGreaterThan(start);
        for (const beside of waysToStart(ledger, run)) {
          const later = startOf(first.id, { ...next, waiting: [first], running: [...next.running, placed(given, beside)] });
          expect(later ?? Infinity).toBeGreaterThan(start);
        }
      }
    }),
    often,
  );
});
