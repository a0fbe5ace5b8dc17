/** What of a log is shown: lines that match, the last ones, bytes as they are; and the search through all logs. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogPiece } from '../../../shared/api.ts';
import { aRun, aRunDetail, cliMain, daemonDouble, node, written, type DaemonDouble } from '../support/daemon-double.ts';
import { openPty } from '../support/pty.ts';

const printed = 'epoch 1 loss 0.9\r\n 10%\r100% done\r\n\x1b[31mOut of\x1b[0m memory\r\nepoch 2 loss 0.5\r\nend';
let daemon: DaemonDouble;
let asked: URLSearchParams[];
beforeEach(async () => {
  asked = [];
  daemon = await daemonDouble({ run: () => aRunDetail({ status: 'done' }) });
  daemon.logs = async (log, query) => {
    asked.push(query);
    log.tell({ type: 'run', run: aRun() });
    log.tell({ type: 'offset', offset: 0, attempt: 1 });
    // cut wherever
    for (const part of printed.split(/(?<=e)/)) await log.bytes(part);
    log.tell({ type: 'end', run: aRun({ status: 'done' }) });
  };
});
afterEach(() => daemon.close());

const logs = (...args: string[]) => daemon.cli(['logs', ...args]);
const run = 'calm-otter-3';

test('of a log that is empty it says so, and what became of whatever printed nothing', async () => {
  daemon.logs = (log) => log.tell({ type: 'end', run: aRun({ status: 'done' }) });
  const attempt = { job: 0, status: 'stopped' as const, cause: null, reason: null, host: null, gpus: [], container: null };
  const [startedAt, finishedAt] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:03.000Z'];
  const attempts = [
    { ...attempt, attempt: 11, startedAt, finishedAt, exitCode: 1, how: 'itself' as const },
    { ...attempt, attempt: 12, startedAt, finishedAt, exitCode: 143, how: 'changed' as const },
    { ...attempt, attempt: 13, startedAt, finishedAt: null, exitCode: null, how: null },
    { ...attempt, attempt: 14, startedAt, finishedAt, status: 'failed' as const, exitCode: 2, how: null },
  ];
  daemon.answers.run = () => aRunDetail({ status: 'done', attempts });
  const said = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await logs(run, ...args);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    return stderr;
  };
  expect(await said('--attempt', '11')).toBe('attempt 11 printed nothing; it ended with exit code 1 after 3.0 s\n');
  expect(await said('--attempt', '12')).toBe('attempt 12 printed nothing; it was stopped for the next after 3.0 s\n');
  expect(await said('--attempt', '13')).toBe('attempt 13 has printed nothing yet\n');
  expect(await said('--attempt', '14')).toBe('attempt 14 printed nothing; it is failed with exit code 2\n');
  expect(await said()).toBe('calm-otter-3 printed nothing; it is done\n');
  expect(await said('--raw')).toBe('');
  expect(await said('--tail', '0')).toBe('');
});

describe('--grep', () => {
  test('shows the lines that match in their final state, whatever their colours', async () => {
    expect(await logs(run, '--grep', '^epoch \\d')).toEqual({ code: 0, stderr: '', stdout: 'epoch 1 loss 0.9\nepoch 2 loss 0.5\n' });
    expect((await logs(run, '--grep', '%')).stdout).toBe('100% done\n');
    expect((await logs(run, '--grep', 'Out of memory')).stdout).toBe('Out of memory\n');
    expect((await logs(run, '-g', 'END|OUT', '-i')).stdout).toBe('Out of memory\nend\n');
    expect((await logs('-f', run, '--grep', 'loss')).stdout).toBe('epoch 1 loss 0.9\nepoch 2 loss 0.5\n');
  });

  test('ends with 1 where none does', async () => {
    expect(await logs(run, '--grep', '10%$')).toEqual({ code: 1, stdout: '', stderr: '' });
  });

  test('is JSON for programs', async () => {
    const { stdout, code } = await logs(run, '--grep', 'epoch', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      { run, attempt: 1, node: 0, line: 'epoch 1 loss 0.9' },
      { run, attempt: 1, node: 0, line: 'epoch 2 loss 0.5' },
    ]);
    expect(await logs(run, '--grep', 'nothing', '--json')).toEqual({ code: 1, stdout: '[]\n', stderr: '' });
  });

  test('keeps colours on a terminal, and looks past them', async () => {
    using terminal = openPty(node, [cliMain, 'logs', run, '--grep', '^Out of memory$'], { cwd: daemon.home, env: daemon.env });
    await terminal.until('the line', (text) => text.includes('memory'));
    expect(terminal.screen()).toEqual(['Out of memory']);
  });

  test.each(['of one', 'of all'])('says on a terminal that an expression never ends, and ends with Ctrl+C: the logs %s', async (which) => {
    const line = Buffer.from(`${'x'.repeat(50)}\n`);
    daemon.logs = async (log) => {
      log.tell({ type: 'run', run: aRun() });
      log.tell({ type: 'offset', offset: 0, attempt: 1 });
      await log.bytes(line);
    };
    daemon.answers.daemonStatus = () => ({});
    daemon.answers.logsScan = (_, response) => {
      const piece: LogPiece = { run, attempt: 1, node: 0, bytes: line.length };
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).write(`${JSON.stringify(piece)}\n${line.toString()}`);
      return written;
    };
    const of = which === 'of one' ? [run] : ['-a'];
    using terminal = openPty(node, [cliMain, 'logs', ...of, '--grep', '(x+x+)+y'], { cwd: daemon.home, env: daemon.env });
    await terminal.until('a word', (text) => text.startsWith('The expression takes long on a line'));
    terminal.type('\x03');
    expect(await terminal.exit).toBe(130);
  });

  test('puts the node before the lines of several', async () => {
    daemon.answers.run = () => aRunDetail({ status: 'done', nodes: 2 });
    expect((await logs(run, '--grep', 'end')).stdout).toBe('[node 0] end\n[node 1] end\n');
  });
});

test('the lines of one attempt do not run into those of the next', async () => {
  daemon.answers.run = () => aRunDetail();
  daemon.logs = async (log) => {
    log.tell({ type: 'run', run: aRun() });
    for (const attempt of [1, 2]) {
      log.tell({ type: 'offset', offset: 0, attempt });
      await log.bytes(`attempt ${attempt}\r\n 50%`);
    }
    log.tell({ type: 'end', run: aRun({ status: 'stopped' }) });
  };
  expect((await logs('-f', run)).stdout).toBe('attempt 1\n 50%\nattempt 2\n 50%');
  const { stdout } = await logs('-f', run, '--grep', '50', '--json');
  expect((JSON.parse(stdout) as { attempt: number }[]).map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test('--raw passes every byte', async () => {
  expect((await logs(run, '--raw')).stdout).toBe(printed);
  expect((await logs('-f', run, '--raw')).stdout).toBe(printed);
});

test('--tail and --since are for the daemon, at the beginning', async () => {
  await logs(run, '--tail', '20', '-s', '2026-11-01T10:00:00Z', '--attempt', '2');
  expect(Object.fromEntries(asked[0] as URLSearchParams)).toEqual({ lines: '20', since: '2026-11-01T10:00:00.000Z', attempt: '2' });
});

test.each([
  [['--grep', '('], '--grep takes a regular expression of JavaScript: /(/: Unterminated group'],
  [['-a'], '-a goes with --grep RE only.'],
  [[run, '-i'], '-i goes with --grep RE only.'],
  [[run, '--json'], '--json goes with --grep RE only.'],
  [[run, '--grep', 'x', '--raw'], 'only one of them can be given'],
  [[], 'Which run? Give its name.'],
  [['-a', '--grep', 'x', run], `-a looks through all runs, not only ${run}`],
  [['-a', '--grep', 'x', '-f'], '-f goes with one run only, not with -a.'],
  [['-a', '--grep', 'x', '--tail', '2'], '--tail goes with one run only, not with -a.'],
])('%j is a mistake', async (args, said) => {
  const { code, stderr, stdout } = await logs(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(said);
});

test('--raw of several nodes needs one of them', async () => {
  daemon.answers.run = () => aRunDetail({ nodes: 2 });
  expect(await logs(run, '--raw')).toMatchObject({ code: 2, stderr: expect.stringContaining('--raw needs --node') });
  expect((await logs(run, '--raw', '--node', '1')).stdout).toBe(printed);
});

describe('the search through all', () => {
  const piece = (response: ServerResponse, of: Omit<LogPiece, 'bytes'>, text: string): void => {
    const bytes = Buffer.from(text);
    response.write(Buffer.concat([Buffer.from(`${JSON.stringify({ ...of, bytes: bytes.length })}\n`), bytes]));
  };
  beforeEach(() => {
    daemon.answers.daemonStatus = () => ({});
    daemon.answers.logsScan = (params, response) => {
      expect(params).toMatchObject({ projectDir: daemon.home });
      response.writeHead(200);
      piece(response, { run: 'b-2', attempt: 1, node: 0, nodes: 2 }, 'fine\r\nOO');
      piece(response, { run: 'b-2', attempt: 1, node: 0, nodes: 2 }, 'M 1\r\n');
      piece(response, { run: 'b-2', attempt: 1, node: 1, nodes: 2 }, 'OOM unended');
      piece(response, { run: 'a-1', attempt: 1, node: 0 }, 'all {"well"}\r\n');
      piece(response, { run: 'a-1', attempt: 2, node: 0 }, ' 1%\rOOM 2\n');
      response.end();
      return written;
    };
  });

  test('names run, attempt and node of each line', async () => {
    const { stdout, code } = await logs('-a', '--grep', 'OOM');
    expect(stdout).toBe('b-2  1  [node 0] OOM 1\nb-2  1  [node 1] OOM unended\na-1  2  OOM 2\n');
    expect(code).toBe(0);
    expect(await logs('-a', '--grep', 'oom')).toEqual({ code: 1, stdout: '', stderr: '' });
    expect((await logs('-a', '--grep', 'oom', '-i')).code).toBe(0);
  });

  test('is JSON for programs', async () => {
    const { stdout } = await logs('-a', '--grep', 'OOM', '--json');
    expect((JSON.parse(stdout) as object[]).at(-1)).toEqual({ run: 'a-1', attempt: 2, node: 0, line: 'OOM 2' });
    expect(stdout.split('\n')).toHaveLength(6);
  });

  test('shows what it finds before it has seen all, and ends with Ctrl+C', async () => {
    daemon.answers.logsScan = (_, response) => {
      response.writeHead(200);
      piece(response, { run: 'b-2', attempt: 1, node: 0 }, 'OOM 1\r\n');
      return written;
    };
    const child = spawn(node, [cliMain, 'logs', '-a', '--grep', 'OOM'], {
      cwd: daemon.home,
      env: daemon.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(line).toBe('b-2  1  OOM 1');
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[1]).toBe('SIGINT');
  });

  test('says so when it breaks off', async () => {
    daemon.answers.logsScan = (_, response) => {
      response.writeHead(200);
      piece(response, { run: 'b-2', attempt: 1, node: 0 }, 'OOM 1\r\n');
      setImmediate(() => response.destroy());
      return written;
    };
    expect(await logs('-a', '--grep', 'OOM')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The search broke off before its end'),
    });
  });
});
