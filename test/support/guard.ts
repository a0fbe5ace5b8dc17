/**
 * Cleans up after a test run whatever happens to it: `guard.ts DIR` waits until its standard input ends (the run closed it, or died: a kill -9
 * included) and then ends, unmounts and deletes everything that belongs to DIR. It stands in a session of its own, so Ctrl+C does not reach it.
 */
import { reap } from './reap.ts';

const dir = process.argv[2];
if (!dir?.startsWith('/tmp/dsl-')) throw new Error(`guard.ts is given the folder of a test run, not ${dir}`);
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => {});
process.stdin.on('error', () => {});
await new Promise((resolve) => process.stdin.on('close', resolve).resume());
const problems = await reap(dir);
for (const problem of problems) console.error(`could not clean up ${dir}: ${problem}`);
process.exitCode = problems.length > 0 ? 1 : 0;
