import type { Connection } from './connection.ts';
import { EngineError, type ContainerStats, type Engine } from './engine.ts';

/** What is used of the engine's answer; a container that does not run has the year 1 in `read`, and no memory. */
interface Answer {
  read: string;
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  memory_stats?: { usage?: number; stats?: Partial<Record<'total_inactive_file' | 'inactive_file', number>> };
}

/** `one-shot`: the engine answers at once, instead of after the second in which it would compare two readings; all versions since 20.10 know it. */
export function statsVerb(connection: Connection): Engine['stats'] {
  return async (name, withinMs) => {
    const ask = { method: 'GET', path: `/containers/${name}/stats`, query: { stream: false, 'one-shot': true } } as const;
    const found = await connection.ask<Answer | null>(ask, withinMs).catch((error: unknown) => {
      if (error instanceof EngineError && (error.kind === 'not_found' || error.kind === 'conflict')) return null;
      throw error;
    });
    return found && statsOf(found);
  };
}

/** The engine's answer in our words; null: the container does not run. */
export function statsOf(found: Answer): ContainerStats | null {
  const at = Date.parse(found.read);
  const cpuNanos = found.cpu_stats?.cpu_usage?.total_usage ?? 0;
  if (Number.isNaN(at) || at <= 0) return null;
  const { usage, stats = {} } = found.memory_stats ?? {};
  // the kernel's cgroups of version 1 (first name) and 2; files that were read stay in memory only as long as nobody needs it
  const cache = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return { at, cpuNanos, memory: usage === undefined ? null : cache < usage ? usage - cache : usage };
}
