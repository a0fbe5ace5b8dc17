/** The attached run on a real terminal: status line, raw output, and the dialogue of Ctrl+C. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stoppedForGood } from '../../../shared/api.ts';
import { takeLock } from '../../../daemon/store/lock.ts';
import { processesWith } from '../../support/processes.ts';
import { waitFor } from '../../support/wait-for.ts';
import { aRun, cliMain, daemonDouble, node, type DaemonDouble, type LogSocket } from '../support/daemon-double.ts';
import { openPty, type Pty } from '../support/pty.ts';

const question = 'stop, detach or keep going? [s/d/k]';
let daemon: DaemonDouble;
let log: LogSocket;
let terminal: Pty;

beforeEach(async () => {
  daemon = await daemonDouble({
    submit: () => ({ run: aRun({ status: 'queued' }), warnings: [] }),
    stop: ({ abort }) => {
      log.tell({ type: 'run', run: aRun({ status: 'stopping' }) });
      // it takes SIGKILL to end it
      if (abort) log.tell({ type: 'end', run: aRun({ status: 'aborted', exitCode: 137 }) });
      return [aRun({ status: 'stopping' })];
    },
  });
  const connected = Promise.withResolvers<void>();
  daemon.logs = (socket) => {
    log = socket;
    connected.resolve();
  };
  terminal = openPty(node, [cliMain, 'run', 'train'], { cwd: daemon.home, env: daemon.env });
  await connected.promise;
});
afterEach(() => {
  terminal[Symbol.dispose]();
  return daemon.close();
});

const print = (text: string): Promise<void> => log.bytes(text);
const running = async (): Promise<void> => {
  log.tell({ type: 'run', run: aRun() });
  log.tell({ type: 'offset', offset: 0, attempt: 1 });
  await print('epoch 1\r\n');
  await terminal.until('the first line', (text) => text.includes('epoch 1'));
};
const stops = (): unknown[] => daemon.asked.filter(({ verb }) => verb === 'stop').map(({ params }) => params['abort']);

test('the terminal is given its size, and what is waited for stands on one line that goes away', async () => {
  expect(daemon.asked[0]?.params).toMatchObject({ terminal: { columns: 80, rows: 24 } });
  log.tell({ type: 'run', run: aRun({ status: 'queued', reason: 'second in line' }) });
  await terminal.until('the reason', (text) => text.includes('calm-otter-3 queued: second in line'));
  log.tell({ type: 'run', run: aRun({ status: 'preparing', reason: 'preparing the workspace' }) });
  await terminal.until('it once', (text) => text.endsWith(' calm-otter-3 preparing the workspace'));
  log.tell({ type: 'run', run: aRun({ status: 'preparing', reason: `pulling ${'x'.repeat(100)}, 4 MB of 52 MB` }) });
  await terminal.until('the next reason', (text) => text.includes('pulling'));
  expect(terminal.screen()).toHaveLength(2);
  expect(terminal.screen()[1]).toMatch(/^. calm-otter-3 preparing: pulling x+…$/);
  await running();
  expect(terminal.screen()).toEqual(['calm-otter-3', 'epoch 1']);
});

test('ports stand there as URLs once, on lines of their own, however the job prints', async () => {
  await running();
  await print('half a line');
  const urls = [{ name: 'PORT_0', url: 'http://127.0.0.1:6006' }];
  log.tell({ type: 'run', run: aRun({ urls }) });
  log.tell({ type: 'run', run: aRun({ urls, reason: 'GPUs were idle' }) });
  await print('more\r\n');
  await terminal.until('the next line', (text) => text.includes('more'));
  expect(terminal.screen()).toEqual(['calm-otter-3', 'epoch 1', 'half a line', 'PORT_0: http://127.0.0.1:6006', 'more']);
});

test('a server is waited for on the line that goes away', async () => {
  const server = createServer((_, response) => response.end());
  const asked: string[] = [];
  server.on('request', (request) => asked.push(request.url ?? ''));
  // a port at which nobody answers yet
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  log.tell({ type: 'run', run: aRun({ urls: [{ name: 'lab', url: `http://127.0.0.1:${port}/lab?token=abc` }] }) });
  await terminal.until('what is waited for', (text) => text.includes('starting JupyterLab…'));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await terminal.until('the URL', (text) => text.includes('token='));
  expect(terminal.screen()).toEqual(['calm-otter-3', `JupyterLab: http://127.0.0.1:${port}/lab?token=abc`]);
  expect(asked).toEqual(['/lab']);
  await new Promise((resolve) => server.close(resolve));
});

test('what is said while the line stands there does not hang on to it', async () => {
  log.tell({ type: 'run', run: aRun({ status: 'queued', reason: `held by ${'x'.repeat(100)}` }) });
  await terminal.until('the reason', (text) => text.includes('held by'));
  // so that no daemon comes up, and it takes as long as it has to
  const release = takeLock(join(daemon.home, 'daemon.lock'));
  await daemon.close();
  await terminal.until('the notice', (text) => text.includes('Starting the daemon…'));
  expect(terminal.screen().slice(-2)).toEqual(['The daemon went away; connecting to it again…', 'Starting the daemon…']);
  terminal[Symbol.dispose]();
  await waitFor(() => processesWith('DSTACK_HOME', daemon.home).length === 0, 'those that did not come up to be gone');
  release?.();
});

test('a daemon that somebody stops for good is not started again', async () => {
  await running();
  log.close(stoppedForGood);
  expect(await terminal.exit).toBe(1);
  await terminal.until('what to do', (text) => text.endsWith('shows the run.'));
  expect(terminal.screen()).toEqual([
    'calm-otter-3',
    'epoch 1',
    'The daemon was stopped; calm-otter-3 goes on.',
    '`dstack attach calm-otter-3` starts it again, and shows the run.',
  ]);
});

test('the output is passed on as it is', async () => {
  await running();
  await print('\x1b[31mred\x1b[0m 10%\r\x1b[31mred\x1b[0m 99%');
  log.tell({ type: 'end', run: aRun({ status: 'done', exitCode: 0 }) });
  expect(await terminal.exit).toBe(0);
  await terminal.until('the last state', (text) => text.endsWith('red 99%'));
  expect(terminal.raw()).toContain('\x1b[31mred\x1b[0m 10%\r\x1b[31mred\x1b[0m 99%');
  expect(terminal.screen()).toEqual(['calm-otter-3', 'epoch 1', 'red 99%']);
});

test('a run that goes back into the queue says so below what it printed', async () => {
  await running();
  await print('half a li');
  log.tell({ type: 'run', run: aRun({ status: 'interrupted', reason: 'grace needs the GPUs' }) });
  await terminal.until('the reason', (text) => text.includes('interrupted: grace needs the GPUs'));
  expect(terminal.screen()[2]).toBe('half a li');
  await print('ne\r\n');
  await terminal.until('the rest', (text) => text.includes('\nne'));
  expect(terminal.screen().join('\n')).not.toContain('interrupted');
});

describe('Ctrl+C asks', () => {
  const interrupt = async (): Promise<void> => {
    terminal.type('\x03');
    await terminal.until('the question', (text) => text.endsWith(question));
  };

  test('and k goes on, with what was printed meanwhile', async () => {
    await running();
    await interrupt();
    await print('epoch 2\r\n');
    terminal.type('xk');
    await terminal.until('the second line', (text) => text.includes('epoch 2'));
    expect(terminal.screen()).toEqual(['calm-otter-3', 'epoch 1', `${question} k`, 'epoch 2']);
    expect(stops()).toEqual([]);
    await interrupt();
  });

  test('and d leaves the run going', async () => {
    await running();
    await interrupt();
    terminal.type('d');
    expect(await terminal.exit).toBe(0);
    await terminal.until('what to do later', (text) => text.includes('calm-otter-3 goes on.'));
    expect(stops()).toEqual([]);
  });

  test('and s stops it; the exit status is 130', async () => {
    await running();
    await interrupt();
    terminal.type('s');
    await terminal.until('that it stops', (text) => text.includes('Stopping…'));
    await print('saving\r\n');
    await terminal.until('its last words', (text) => text.includes('saving'));
    log.tell({ type: 'end', run: aRun({ status: 'stopped', exitCode: 143 }) });
    expect(await terminal.exit).toBe(130);
    expect(stops()).toEqual([false]);
    await terminal.until('how it ended', (text) =>
      text.endsWith('\ncalm-otter-3 stopped: exit code 143\nThe same once more: dstack restart calm-otter-3'),
    );
  });

  test('Ctrl+C again stops, and once more aborts', async () => {
    await running();
    await interrupt();
    terminal.type('\x03');
    await terminal.until('that it stops', (text) => text.includes('Stopping…'));
    await waitFor(() => stops().length === 1, 'the stop to be asked for');
    terminal.type('\x03');
    expect(await terminal.exit).toBe(130);
    expect(stops()).toEqual([false, true]);
  });

  test('while it waits in the queue, too', async () => {
    log.tell({ type: 'run', run: aRun({ status: 'queued', reason: 'second in line' }) });
    await terminal.until('the reason', (text) => text.includes('second in line'));
    await interrupt();
    terminal.type('k');
    await terminal.until('the reason again', (text) => /\[s\/d\/k\] k\n. calm-otter-3 queued: second in line$/.test(text));
  });

  test('and a run that ends meanwhile takes the question away', async () => {
    await running();
    await interrupt();
    log.tell({ type: 'end', run: aRun({ status: 'failed', exitCode: 4 }) });
    expect(await terminal.exit).toBe(4);
  });
});
