import { expect, test } from 'vitest';
import { createAnnouncer } from '../../../cli/runs/announce.ts';
import type { Cli } from '../../../cli/context.ts';
import type { StatusLine } from '../../../cli/terminal/status-line.ts';
import { aRun } from '../support/daemon-double.ts';

/** What is said of a run that goes through these. */
function saidOf(open: boolean, ...runs: ReturnType<typeof aRun>[]): string[] {
  const said: string[] = [];
  const cli = { notice: (sentence: string) => said.push(sentence) } as unknown as Cli;
  const status = { clear: () => {}, show: () => {} } as unknown as StatusLine;
  const announcer = createAnnouncer(cli, { open, status, freshLine: () => {}, quiet: () => false });
  for (const run of runs) announcer.onRun(run);
  return said;
}

test('a run that serves nothing says so to whoever wants it opened, once', () => {
  const runs = [aRun({ status: 'queued' }), aRun({ status: 'running' }), aRun({ status: 'done' })];
  expect(saidOf(true, ...runs)).toEqual([expect.stringMatching(/^There is nothing to open/)]);
  expect(saidOf(true, ...runs.slice(0, 1))).toEqual([]);
  expect(saidOf(false, ...runs)).toEqual([]);
});
