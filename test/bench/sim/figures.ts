/** What one policy made of a load, in figures. */
import { percentile } from '../measure.ts';
import { fragmentationMeter } from './fragmentation.ts';
import { gpusIn, gpusOf, type Scenario } from './model.ts';
import type { Policy } from './policies/policy.ts';
import { simulate, type Life } from './simulate.ts';

/** Times in seconds, decisions in ms, shares 0 to 1. */
export interface Figures {
  policy: string;
  meanWait: number;
  p95Wait: number;
  p999Wait: number;
  maxWait: number;
  meanCompletion: number;
  /** GPU-time held of all GPU-time, from the first arrival to the last */
  utilisation: number;
  fragmentation: number;
  /** GPU-hours of attempts that were interrupted */
  lost: number;
  preemptions: number;
  /** mean wait of each replay */
  replays: number[];
  decisions: number;
  meanDecision: number;
  maxDecision: number;
}

/** All replays of one scenario together: every run of each counts once, and so does every GPU-second. */
export function measure(replays: readonly Scenario[], policy: Policy): Figures {
  const results = replays.map((scenario) => {
    const fragmentation = fragmentationMeter(scenario);
    return { scenario, fragmentation, ...simulate(scenario, policy, { passed: fragmentation.passed }) };
  });
  const lives = results.flatMap((result) => result.lives);
  const decisions = results.flatMap((result) => result.decisions);
  const waits = lives.map(({ waited }) => waited / 1000);
  const sum = <T>(of: readonly T[], value: (one: T) => number): number => of.reduce((total, one) => total + value(one), 0);
  return {
    policy: policy.name,
    meanWait: mean(waits),
    p95Wait: percentile(waits, 0.95),
    p999Wait: percentile(waits, 0.999),
    maxWait: waits.reduce((most, wait) => Math.max(most, wait), 0),
    meanCompletion: mean(lives.map(({ task, attempts }) => (attempts.at(-1)!.ended - task.arrives) / 1000)),
    utilisation:
      sum(results, (result) => heldUntil(result.lives, spanOf(result.scenario))) / sum(replays, (one) => spanOf(one) * gpusIn(one.hosts)),
    fragmentation:
      sum(results, (result) => result.fragmentation.stranded()) /
      Math.max(
        1,
        sum(results, (result) => result.fragmentation.idle()),
      ),
    lost: sum(lives, lostIn) / 3_600_000,
    preemptions: sum(lives, ({ attempts }) => attempts.length - 1),
    replays: results.map((result) => mean(result.lives.map(({ waited }) => waited / 1000))),
    decisions: decisions.length,
    meanDecision: mean(decisions),
    maxDecision: decisions.reduce((most, took) => Math.max(most, took), 0),
  };
}

const spanOf = ({ tasks }: Scenario): number => tasks.at(-1)?.arrives ?? 0;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const heldUntil = (lives: readonly Life[], end: number): number =>
  lives
    .flatMap(({ task, attempts }) => attempts.map(({ began, ended }) => gpusOf(task) * Math.max(0, Math.min(ended, end) - began)))
    .reduce((sum, held) => sum + held, 0);

/** GPU-ms of the attempts that did not reach the end. */
const lostIn = ({ task, attempts }: Life): number =>
  attempts.slice(0, -1).reduce((sum, { began, ended }) => sum + gpusOf(task) * (ended - began), 0);
