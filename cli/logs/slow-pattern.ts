import type { Output } from '../terminal/output.ts';

export interface SlowPattern {
  /** something is looked through from now on */
  begin(): void;
  /** it was looked through */
  end(): void;
}

const sentence = 'The expression takes long on a line: a repeat within a repeat, such as (x+)+, may take for ever. Ctrl+C ends it.';

/**
 * Looks every second whether the same search is still going on, and says so once. In a thread of its own: while an expression is being matched, nothing else runs in this one.
 * The numbers: searches begun and ended together (odd: one goes on), and one that never changes, to sleep on.
 */
const look = `
  const { workerData: { numbers, sentence } } = require('node:worker_threads');
  for (let before = 0, now = 0; ; before = now) {
    Atomics.wait(numbers, 1, 0, 1000);
    now = Atomics.load(numbers, 0);
    if (now % 2 === 0 || now !== before) continue;
    require('node:fs').writeSync(2, sentence + '\\n');
    break;
  }
`;

/** Says on a terminal that an expression takes more than a second or two for one piece of a log. null: there is no terminal, and nobody to tell. */
export function watchPattern(err: Output): SlowPattern | null {
  if (!err.isTTY) return null;
  const numbers = new Int32Array(new SharedArrayBuffer(8));
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(look, { eval: true, execArgv: [], workerData: { numbers, sentence: err.style('yellow', sentence) } });
  worker.unref();
  worker.on('error', () => {}); // then nothing is said
  const count = (): void => void Atomics.add(numbers, 0, 1);
  return { begin: count, end: count };
}
