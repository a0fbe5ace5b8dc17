import type { Run } from '../../shared/api.ts';
import type { Result } from '../../shared/result.ts';
import type { Client } from '../talk/client.ts';
import { follow, type LogReader, type LogRequest } from './follow.ts';

export interface RunReader {
  onRun(run: Run): void;
  /** as of `follow` */
  onGone?(): void;
  /** as of `follow` */
  onOffset?(node: number, offset: number, attempt: number): void | Promise<void>;
  /** `nodes`: how many the run has; of a run with one job all comes from the node 0 */
  onData(node: number, chunk: Buffer, nodes: number): Promise<void>;
}

/**
 * Follows all nodes of a run at once, each over a connection of its own. Answers as `follow` does; where one of the logs cannot be read, why.
 */
export async function followRun(client: Client, wanted: LogRequest, reader: RunReader, signal: AbortSignal): Promise<Result<Run | null>> {
  const others: Promise<Result<Run | null>>[] = [];
  let nodes = 1;
  const readerOf = (node: number): Pick<LogReader, 'onData' | 'onOffset'> => ({
    onData: (chunk) => reader.onData(node, chunk, nodes),
    onOffset: (offset, attempt) => reader.onOffset?.(node, offset, attempt),
  });
  const onRun = (run: Run): void => {
    // said first of all, and how many there are never changes
    if (others.length === 0 && (run.nodes ?? 1) > 1) {
      nodes = run.nodes ?? 1;
      for (let node = 1; node < nodes; node++)
        others.push(follow(client, { ...wanted, node }, { ...readerOf(node), onRun: () => {} }, signal));
    }
    reader.onRun(run);
  };
  const first = await follow(client, wanted, { ...readerOf(0), onRun, onGone: () => reader.onGone?.() }, signal);
  const rest = await Promise.all(others);
  return first.ok ? (rest.find((one) => !one.ok) ?? first) : first;
}
