import type { Client } from '../talk/client.ts';
import { follow } from './follow.ts';
import { LogLines } from '../terminal/log-lines.ts';

/** How much of its log is read, and how many lines of it are shown. */
const bytes = 16 * 1024;
const most = 10;

/** The last lines that a node of a run printed, of its newest attempt that has a log; what cannot be read is left out. */
export async function lastLines(client: Client, name: string, node: number): Promise<string[]> {
  const chunks: Buffer[] = [];
  const reader = { onRun: () => {}, onData: async (chunk: Buffer) => void chunks.push(chunk) };
  await follow(client, { name, node, follow: false, tail: bytes }, reader, new AbortController().signal);
  const read = Buffer.concat(chunks);
  const lines = new LogLines();
  const text = Buffer.concat([lines.push(read), lines.flush()]).toString('utf8');
  const all = text.replace(/\n+$/, '').split('\n');
  // the first may be the end of one
  const whole = read.length >= bytes && all.length > 1 ? all.slice(1) : all;
  return whole.slice(-most).filter((line, i, shown) => line !== '' || shown.length > 1 || i > 0);
}
