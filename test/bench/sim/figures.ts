/** What one policy made of one scenario, in figures. */
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
  decisions: number;
  meanDecision: number;
  maxDecision: number;
}

export function measure(scenario: Scenario, policy: Policy): Figures {
  const fragmentation = fragmentationMeter(scenario);
  const { lives, decisions } = simulate(scenario, policy, { passed: fragmentation.passed });
  const waits = lives.map(({ waited }) => waited / 1000);
  const span = scenario.tasks.at(-1)?.arrives ?? 0;
  return {
    policy: policy.name,
    meanWait: mean(waits),
    p95Wait: percentile(waits, 0.95),
    p999Wait: percentile(waits, 0.999),
    maxWait: Math.max(...waits),
    meanCompletion: mean(lives.map(({ task, attempts }) => (attempts.at(-1)!.ended - task.arrives) / 1000)),
    utilisation: heldUntil(lives, span) / (span * gpusIn(scenario.hosts)),
    fragmentation: fragmentation.share(),
    lost: lives.reduce((sum, life) => sum + lostIn(life), 0) / 3_600_000,
    preemptions: lives.reduce((sum, { attempts }) => sum + attempts.length - 1, 0),
    decisions: decisions.length,
    meanDecision: mean(decisions),
    maxDecision: Math.max(...decisions),
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const heldUntil = (lives: readonly Life[], end: number): number =>
  lives
    .flatMap(({ task, attempts }) => attempts.map(({ began, ended }) => gpusOf(task) * Math.max(0, Math.min(ended, end) - began)))
    .reduce((sum, held) => sum + held, 0);

/** GPU-ms of the attempts that did not reach the end. */
const lostIn = ({ task, attempts }: Life): number =>
  attempts.slice(0, -1).reduce((sum, { began, ended }) => sum + gpusOf(task) * (ended - began), 0);
