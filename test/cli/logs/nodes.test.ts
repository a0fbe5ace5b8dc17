/** The output of several nodes: line by line behind its node, each over a connection of its own, each byte once. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { aRun, aRunDetail, daemonDouble, node, cliMain, type DaemonDouble, type LogSocket } from '../support/daemon-double.ts';
import { openPty } from '../support/pty.ts';

const failed = aRun({ nodes: 2, status: 'failed', exitCode: 3, reason: 'node 1: exit code 3' });
const detail = aRunDetail({ nodes: 2, status: 'failed', exitCode: 3, reason: 'node 1: exit code 3', culprit: 1 });

let daemon: DaemonDouble;
let asked: string[];
let printed: string[];
beforeEach(async () => {
  asked = [];
  printed = ['zero a\r\nzero b\r\nhalf', 'one a\r\n10%\r99%\r\none b'];
  daemon = await daemonDouble({ submit: () => ({ run: aRun({ nodes: 2 }), warnings: [] }), run: () => detail });
  daemon.logs = async (log, query) => {
    asked.push(query.toString());
    await answer(log, query);
  };
});
afterEach(() => daemon.close());

async function answer(log: LogSocket, query: URLSearchParams): Promise<void> {
  const bytes = Buffer.from(printed[Number(query.get('job') ?? 0)] ?? '');
  const from = query.has('tail') ? Math.max(0, bytes.length - Number(query.get('tail'))) : Number(query.get('from') ?? 0);
  log.tell({ type: 'run', run: aRun({ nodes: 2 }) });
  log.tell({ type: 'offset', offset: from, attempt: 1 });
  await log.bytes(bytes.subarray(from));
  log.tell({ type: 'end', run: failed });
}
const sorted = (text: string): string[] => text.split('\n').filter(Boolean).toSorted();
const lines = ['[node 0] half', '[node 0] zero a', '[node 0] zero b', '[node 1] 99%', '[node 1] one a', '[node 1] one b'];

test('the attached run shows all, and then the last lines of the one that failed', async () => {
  const { code, stdout, stderr } = await daemon.cli(['run', 'train']);
  expect(code).toBe(3);
  expect(sorted(stdout)).toEqual(lines);
  expect(stderr).toMatch(/failed: node 1: exit code 3\nThe last lines of node 1:\n {2}one a\n {2}99%\n {2}one b\n$/);
  expect(asked.map((query) => new URLSearchParams(query).get('job') ?? '0').toSorted((a, b) => a.localeCompare(b))).toEqual([
    '0',
    '1',
    '1',
  ]);
});

test('logs prints them node after node, --node one as it is', async () => {
  expect((await daemon.cli(['logs', 'calm-otter-3'])).stdout).toBe(
    '[node 0] zero a\n[node 0] zero b\n[node 0] half\n[node 1] one a\n[node 1] 99%\n[node 1] one b\n',
  );
  expect((await daemon.cli(['logs', 'calm-otter-3', '--node', '1'])).stdout).toBe('one a\n99%\none b');
  expect((await daemon.cli(['logs', 'calm-otter-3', '--node', '0'])).stdout).toBe('zero a\nzero b\nhalf');
});

test('a connection that breaks goes on where it broke', async () => {
  let breaks = 0;
  daemon.logs = async (log, query) => {
    asked.push(query.toString());
    if (query.get('job') !== '1' || breaks++ > 0) return answer(log, query);
    log.tell({ type: 'run', run: aRun({ nodes: 2 }) });
    log.tell({ type: 'offset', offset: 0, attempt: 1 });
    await log.bytes('one a\r\n10%');
    log.drop();
  };
  expect(sorted((await daemon.cli(['logs', '-f', 'calm-otter-3'])).stdout)).toEqual(lines);
  expect(new URLSearchParams(asked.at(-1)).get('from')).toBe(String('one a\r\n10%'.length));
});

test('on a terminal colours end with their line', async () => {
  printed = ['\x1b[31mred\r\n', 'plain\r\n'];
  using terminal = openPty(node, [cliMain, 'logs', '-f', 'calm-otter-3'], { cwd: daemon.home, env: daemon.env });
  expect(await terminal.exit).toBe(0);
  expect(terminal.raw()).toContain('\x1b[31mred\x1b[0m');
});

test('ps shows what became of each', async () => {
  const attempt = { attempt: 1, cause: null, host: 'local', gpus: [], container: null, startedAt: null, finishedAt: null };
  daemon.answers.run = () => ({
    ...detail,
    attempts: [
      { ...attempt, job: 0, status: 'failed', reason: 'ended with node 1: exit code 3', exitCode: 143 },
      { ...attempt, job: 1, status: 'failed', reason: 'exit code 3', exitCode: 3 },
    ],
  });
  const { stdout } = await daemon.cli(['ps', 'calm-otter-3']);
  expect(stdout).toMatch(/^Nodes +0 \(master\) failed on local: ended with node 1: exit code 3\n +1 failed on local: exit code 3$/m);
  expect(stdout).toMatch(/^Log of 1 +one a\n +99%\n +one b$/m);
  expect(stdout).not.toMatch(/^Attempts/m);
});
