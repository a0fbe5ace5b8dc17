import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Figure {
  name: string;
  value: number;
  target: number;
  unit: 'ratio' | 'ms' | 'MB' | 'lines' | '% of a core';
  detail: string;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** The value below which the share `p` (0 to 1) of the values lies. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))] ?? NaN;
}

/** How long a command takes from spawn to exit (ms). Throws when it fails: a figure of something that did not work is none. */
export function timed(program: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): number {
  const begun = performance.now();
  const { status, stderr } = spawnSync(program, args, { ...options, encoding: 'utf8' });
  const took = performance.now() - begun;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return took;
}

/** What a process has in memory, with what it shares (MB). */
export const residentMb = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
