import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { aRun, aRunDetail, cliMain, daemonDouble, node, refuse, type DaemonDouble, type LogSocket } from '../support/daemon-double.ts';
import { openPty } from '../support/pty.ts';

let daemon: DaemonDouble;
beforeEach(async () => {
  daemon = await daemonDouble({ run: () => aRunDetail(), resize: () => ({}) });
});
afterEach(() => daemon.close());

const asked = (verb: string): Record<string, unknown>[] => daemon.asked.filter((one) => one.verb === verb).map(({ params }) => params);

test('the end of what was printed, from the beginning of a line, then how it ended', async () => {
  let query = '';
  daemon.logs = async (log, params) => {
    query = params.toString();
    log.tell({ type: 'run', run: aRun() });
    log.tell({ type: 'offset', offset: 5000, attempt: 1 });
    await log.bytes(`half a line\r\n${Array.from({ length: 40 }, (_, i) => `line ${i}\r\n`).join('')}`);
    await log.bytes('live\r\n');
    log.tell({ type: 'end', run: aRun({ status: 'done', exitCode: 0 }) });
  };
  const { code, stdout, stderr } = await daemon.cli(['attach', 'calm-otter-3']);
  expect(query).toContain('tail=2880');
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'calm-otter-3 is done.\n' });
  expect(stdout.split('\n')).toEqual([...Array.from({ length: 24 }, (_, i) => `line ${i + 16}`), 'live', '']);
});

test.each([
  ['what is shorter than that, as it is', 0, 'one\r\ntwo', 'one\ntwo'],
  ['of a line that was cut only what follows', 9, 'ne\r\ntwo\r\n', 'two\n'],
  ['of one long bar a state that is whole', 9, '%\r 50%\r 60%', ' 60%'],
])('%s', async (_, offset, bytes, shown) => {
  daemon.logs = async (log) => {
    log.tell({ type: 'run', run: aRun() });
    log.tell({ type: 'offset', offset, attempt: 1 });
    await log.bytes(bytes);
    log.tell({ type: 'end', run: aRun({ status: 'failed', exitCode: 9 }) });
  };
  expect(await daemon.cli(['attach', 'calm-otter-3'])).toMatchObject({ code: 9, stdout: shown });
});

test('--all asks for everything', async () => {
  let tail: string | null = '';
  daemon.logs = (log, params) => {
    tail = params.get('tail');
    log.tell({ type: 'end', run: aRun({ status: 'done', exitCode: 0 }) });
  };
  await daemon.cli(['attach', 'calm-otter-3', '--all']);
  expect(tail).toBeNull();
  expect(asked('resize')).toEqual([]);
});

test('of several nodes the end of each', async () => {
  daemon.logs = async (log, params) => {
    log.tell({ type: 'run', run: aRun({ nodes: 2 }) });
    log.tell({ type: 'offset', offset: 9, attempt: 1 });
    await log.bytes(`cut\r\nof ${params.get('job') ?? '0'}\r\n`);
    log.tell({ type: 'end', run: aRun({ nodes: 2, status: 'done', exitCode: 0 }) });
  };
  const { stdout } = await daemon.cli(['attach', 'calm-otter-3']);
  expect(stdout.split('\n').toSorted()).toEqual(['', '[node 0] of 0', '[node 1] of 1']);
});

test("a terminal's size is told when it is there, and when it has changed", async () => {
  let log: LogSocket | null = null;
  daemon.logs = (socket) => {
    log = socket;
    socket.tell({ type: 'run', run: aRun() });
  };
  using terminal = openPty(node, [cliMain, 'attach', 'calm-otter-3'], { cwd: daemon.home, env: daemon.env, columns: 90, rows: 20 });
  await waitFor(() => asked('resize').length === 1 && log !== null, 'its size');
  for (let columns = 91; columns <= 100; columns++) terminal.resize(columns, 21);
  await waitFor(() => asked('resize').at(-1)?.['columns'] === 100, 'its last size');
  expect(asked('resize')[0]).toEqual({ name: 'calm-otter-3', columns: 90, rows: 20 });
  expect(asked('resize').at(-1)).toEqual({ name: 'calm-otter-3', columns: 100, rows: 21 });
  expect(asked('resize').length).toBeLessThan(11);
});

test('what is typed is not mixed with the output; ? says what there is, Ctrl+C asks, d leaves it going', async () => {
  const connected = Promise.withResolvers<LogSocket>();
  daemon.logs = (socket) => {
    socket.tell({ type: 'run', run: aRun() });
    socket.tell({ type: 'offset', offset: 0, attempt: 1 });
    void socket.bytes('epoch 1\r\n').then(() => connected.resolve(socket));
  };
  using terminal = openPty(node, [cliMain, 'attach', 'calm-otter-3'], { cwd: daemon.home, env: daemon.env });
  await connected.promise;
  await terminal.until('the output', (text) => text.includes('epoch 1'));
  terminal.type('rq?');
  const keys = 'd detaches; Ctrl+C asks whether to stop it; Ctrl+Z suspends this view.';
  await terminal.until('the keys', (text) => text.includes('suspends'));
  expect(terminal.screen()).toEqual(['epoch 1', keys]);
  terminal.type('\x03');
  await terminal.until('the question', (text) => text.endsWith('[s/d/k]'));
  terminal.type('k');
  await terminal.until('the answer', (text) => text.endsWith('[s/d/k] k'));
  terminal.type('rd');
  expect(await terminal.exit).toBe(0);
  await terminal.until('what to do later', (text) =>
    /\[s\/d\/k\] k\ncalm-otter-3 goes on\. `dstack attach calm-otter-3` shows it,\n/.test(text),
  );
  expect(asked('stop')).toEqual([]);
});

test('no such run', async () => {
  daemon.answers.run = () => refuse('no_such_run', "Cannot find the run 'x'", { hint: 'See the runs with: dstack ps -a' });
  expect(await daemon.cli(['attach', 'x'])).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining("Cannot find the run 'x'\n"),
  });
});
