import type { Output } from '../terminal/output.ts';
import { drained } from '../terminal/output.ts';
import type { JsonArray } from '../terminal/json-array.ts';
import { LineFilter } from './line-filter.ts';
import type { NodesView } from './nodes-view.ts';
import type { SlowPattern } from './slow-pattern.ts';

/** Where the output of a run's jobs goes. NodesView is one. */
export type LogSink = Pick<NodesView, 'write' | 'endOf' | 'end' | 'reset'>;

/** As it comes, byte for byte. */
export function rawSink(out: Output): LogSink {
  return {
    write: async (_, chunk) => {
      out.stream.write(chunk);
      await drained(out.stream);
    },
    endOf: () => {},
    end: async () => {},
    reset: async () => {},
  };
}

/** A sink for the lines that match alone; `count` tells how many did so far. */
export function filterSink(
  pattern: RegExp,
  keepColours: boolean,
  to: LineSink,
  slow: SlowPattern | null = null,
): LogSink & { count(): number } {
  const filters = new Map<number, { filter: LineFilter; nodes: number }>();
  let before = 0;
  const endOf = async (node: number): Promise<void> => {
    const one = filters.get(node);
    filters.delete(node);
    if (!one) return;
    const last = one.filter.flush();
    before += one.filter.count;
    await to.lines(node, last, one.nodes);
  };
  const endAll = async (): Promise<void> => {
    for (const node of [...filters.keys()]) await endOf(node);
  };
  return {
    write: async (node, chunk, nodes) => {
      const one = filters.get(node) ?? { filter: new LineFilter(pattern, keepColours, slow), nodes };
      filters.set(node, one);
      await to.lines(node, one.filter.push(chunk), nodes);
    },
    endOf: (node) => void endOf(node),
    reset: endAll,
    end: async () => {
      await endAll();
      await to.end();
    },
    count: () => [...filters.values()].reduce((sum, { filter }) => sum + filter.count, before),
  };
}

/** What takes the lines that matched. */
export interface LineSink {
  lines(node: number, lines: string[], nodes: number): Promise<void>;
  end(): Promise<void>;
}

/** For people. */
export const shownLines = (view: NodesView): LineSink => ({
  lines: async (node, lines, nodes) => {
    if (lines.length > 0) await view.write(node, Buffer.from(`${lines.join('\n')}\n`), nodes);
  },
  end: () => view.end(),
});

/** For programs; `of` tells the run, and the attempt that a node is at. */
export const jsonLines = (array: JsonArray, of: (node: number) => { run: string; attempt: number }): LineSink => ({
  lines: async (node, lines) => {
    for (const line of lines) array.add({ ...of(node), node, line });
    await array.drained();
  },
  end: () => array.end(),
});
