/** A watch on a real terminal, with a test double of the daemon: what stands between attempts, what is waited for, and the keys. */
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WatchView } from '../../../shared/api.ts';
import { waitFor } from '../../support/wait-for.ts';
import { aWatch } from '../support/a-watch.ts';
import { aRun, aRunDetail, cliMain, daemonDouble, node, refuse, type DaemonDouble, type LogSocket } from '../support/daemon-double.ts';
import { openPty, type Pty } from '../support/pty.ts';

let daemon: DaemonDouble;
let log: LogSocket;
let terminal: Pty;
const first = aWatch({ attempt: 1, cause: 'start', changed: [], changes: 0, restartMs: null, before: null });

beforeEach(async () => {
  daemon = await daemonDouble({
    submit: () => ({ run: aRun({ watch: first }), warnings: [] }),
    rerun: () => ({ attempt: 2 }),
    stopAttempt: () => ({ attempt: 1 }),
    stop: () => [aRun({ status: 'stopping' })],
    run: () => aRunDetail({ status: 'stopped', attempts: [] }),
  });
  const connected = Promise.withResolvers<void>();
  daemon.logs = (socket) => {
    log = socket;
    connected.resolve();
  };
  terminal = openPty(node, [cliMain, 'run', 'train', '--watch'], { cwd: daemon.home, env: daemon.env });
  await connected.promise;
  tell(first);
  log.tell({ type: 'offset', offset: 0, attempt: 1 });
  await log.bytes('epoch 1\r\n');
  await terminal.until('the first line', (text) => text.includes('epoch 1'));
});
afterEach(() => {
  terminal[Symbol.dispose]();
  return daemon.close();
});

const tell = (watch: WatchView, over: Parameters<typeof aRun>[0] = {}): void => log.tell({ type: 'run', run: aRun({ watch, ...over }) });
const asked = (verb: string): Record<string, unknown>[] => daemon.asked.filter((one) => one.verb === verb).map(({ params }) => params);
const second = (over: Partial<WatchView> = {}): WatchView =>
  aWatch({ attempt: 2, before: { attempt: 1, how: 'changed', exitCode: null, ranMs: 12_400 }, ...over });
const line = '── attempt 2 · train.py changed · in 84 ms · attempt 1 stopped after 12 s ──';

const welcome = 'calm-otter-3 · runs again when files change · ? keys';

test('the request says that it is a watch', () => expect(asked('submit')[0]?.['overrides']).toEqual({ watch: [] }));

describe('between two attempts', () => {
  test('a line, above the output, whichever of both is here first', async () => {
    await log.bytes('half');
    log.tell({ type: 'offset', offset: 100, attempt: 2 });
    await log.bytes('epoch 1 again\r\n');
    tell(second());
    await terminal.until('the output', (text) => text.includes('again\n') || text.endsWith('again'));
    expect(terminal.screen()).toEqual([welcome, 'epoch 1', 'half', line, 'epoch 1 again']);
    tell(second({ attempt: 3, before: { attempt: 2, how: 'itself', exitCode: 0, ranMs: 500 } }));
    log.tell({ type: 'offset', offset: 200, attempt: 3 });
    await log.bytes('third\r\n');
    await terminal.until('the output', (text) => text.includes('third'));
    expect(terminal.screen().slice(-2)).toEqual(['── attempt 3 · train.py changed · in 84 ms · attempt 2: exit code 0 ──', 'third']);
  });

  test('one that was overtaken before its output was here has all that was known of it', async () => {
    tell(second({ phase: 'starting', restartMs: null }));
    tell(second({ attempt: 3, phase: 'starting', before: { attempt: 2, how: 'changed', exitCode: null, ranMs: 50 } }));
    log.tell({ type: 'offset', offset: 100, attempt: 2 });
    await log.bytes('two\r\n');
    await terminal.until('the output', (text) => /^two$/m.test(text));
    expect(terminal.screen().slice(2, 4)).toEqual(['── attempt 2 · train.py changed · attempt 1 was stopped after 12 s ──', 'two']);
  });

  test('a line alone where it prints nothing, and output of one of which nothing is known is not held back for long', async () => {
    tell(second());
    await terminal.until('the line', (text) => text.endsWith(line));
    log.tell({ type: 'offset', offset: 200, attempt: 3 });
    await log.bytes('third\r\n');
    await terminal.until('the output', (text) => text.includes('third'));
    expect(terminal.screen().slice(-2)).toEqual(['── attempt 3 ──', 'third']);
  });

  test('colours, the cursor and other modes are as they were', async () => {
    await log.bytes('\x1b[31m\x1b[?25l\x1b[?1000hred');
    log.tell({ type: 'offset', offset: 100, attempt: 2 });
    tell(second());
    await terminal.until('the line', (text) => text.includes(line));
    const after = terminal.raw().split('red').at(-1) ?? '';
    const before = after.slice(0, after.indexOf('──'));
    expect(before).toContain('\x1b[0m');
    expect(before).toContain('\x1b[?25h');
    expect(before).toContain('\x1b[?1000l');
  });
});

describe('what is waited for', () => {
  test('stands there until something is printed', async () => {
    tell({ ...first, phase: 'ended', exitCode: 1, endedAt: '2026-01-01T00:00:03.000Z' });
    await terminal.until('that it has ended', (text) => text.endsWith('attempt 1: exit code 1 after 3.0 s · waiting for changes · ? keys'));
    expect(terminal.screen()).toHaveLength(3);
    // its last words may come later
    await log.bytes('bye\r\n');
    await terminal.until('its last words, and the line again', (text) => /\nbye\nattempt 1: exit code 1.*keys$/.test(text));
    log.tell({ type: 'offset', offset: 100, attempt: 2 });
    tell(second());
    await log.bytes('again\r\n');
    await terminal.until('the output', (text) => text.includes('again\n') || text.endsWith('again'));
    expect(terminal.screen()).toEqual([welcome, 'epoch 1', 'bye', line, 'again']);
  });

  test('it stands below a line that the job has begun, which goes on where it was', async () => {
    await log.bytes('epoch 2 ... \x1b[31mloss');
    tell({ ...first, phase: 'ending' });
    await terminal.until('what is waited for', (text) => /\nepoch 2 \.\.\. loss\n. attempt 1 is being stopped/.test(text));
    expect(terminal.screen()).toHaveLength(4);
    await log.bytes(' 0.5');
    await terminal.until('what goes on, and the status', (text) => /\nepoch 2 \.\.\. loss 0\.5\n. attempt 1 is being stopped/.test(text));
    await log.bytes(', done\r\nbye');
    await terminal.until('the end', (text) => /\nepoch 2 \.\.\. loss 0\.5, done\nbye\n. attempt 1 is/.test(text));
    log.tell({ type: 'offset', offset: 100, attempt: 2 });
    tell(second());
    await log.bytes('again\r\n');
    await terminal.until('the output', (text) => text.includes('again\n') || text.endsWith('again'));
    expect(terminal.screen()).toEqual([welcome, 'epoch 1', 'epoch 2 ... loss 0.5, done', 'bye', line, 'again']);
  });

  test.each([
    ['on the last row', `${'x\r\n'.repeat(30)}half`, 'half and whole'],
    ['over several rows', 'y'.repeat(200), `${'y'.repeat(80)}\n${'y'.repeat(80)}\n${'y'.repeat(40)} and whole`],
    ['as wide as the terminal', 'z'.repeat(80), `${'z'.repeat(80)}\n and whole`],
    ['a bar that is written over', '10%|#     |\r20%|##    |\r', ' and whole|'],
  ])('the same %s', async (_, begun, whole) => {
    await log.bytes(begun);
    tell({ ...first, phase: 'ending' });
    await terminal.until('what is waited for', (text) => text.endsWith('attempt 1 is being stopped'));
    await log.bytes(' and whole\r\nnext\r\n');
    await terminal.until('the rest, and the status below', (text) => /\nnext\n. attempt 1 is being stopped$/.test(text));
    expect(terminal.screen().slice(0, -1).join('\n')).toContain(`\n${whole}\nnext`);
  });

  test('why it is another container, and what that needs', async () => {
    tell(second({ phase: 'starting', fresh: 'requirements.txt changed', restartMs: null }), {
      status: 'preparing',
      reason: 'installing requirements.txt',
    });
    await terminal.until('what it does', (text) =>
      /\n. attempt 2 · fresh container: requirements.txt changed · preparing: install\S*…$/.test(text),
    );
  });

  test('why a container was lost or could not be made; what its successor has not printed yet gets no line', async () => {
    const attempt = { attempt: 1, job: 0, status: 'failed' as const, cause: null, host: null, gpus: [], container: null, exitCode: null };
    const lost = { ...attempt, reason: 'there is no image x:1', startedAt: null, finishedAt: null, how: 'container' as const };
    daemon.answers.run = () => aRunDetail({ attempts: [lost] });
    tell({ ...first, phase: 'ended', how: 'container', startedAt: null, endedAt: '2026-01-01T00:00:03.000Z' });
    log.tell({ type: 'offset', offset: 0, attempt: 2 });
    await terminal.until('why', (text) => /\nattempt 1: there is no image x:1\nattempt 1 could not start · .*keys$/.test(text));
    expect(terminal.screen()).toHaveLength(4);
  });

  test('that all is well again is said, too; a daemon that was away has not mended anything', async () => {
    const notice = 'the folder /lab/mnist is gone: waiting until it is back';
    tell({ ...first, notice });
    await terminal.until('the notice', (text) => text.endsWith(notice));
    tell(first);
    await terminal.until('the end of that', (text) => text.endsWith(`${notice}\nAll is well again.`));
    tell({ ...first, notice });
    await terminal.until('the notice', (text) => text.endsWith(notice));
    const again = Promise.withResolvers<void>();
    daemon.logs = (socket) => {
      log = socket;
      again.resolve();
    };
    log.drop();
    await again.promise;
    tell(first);
    log.tell({ type: 'offset', offset: 9, attempt: 1 });
    await log.bytes('epoch 2\r\n');
    await terminal.until('what comes then', (text) => text.includes('epoch 2'));
    expect(terminal.screen().filter((text) => text === 'All is well again.')).toHaveLength(1);
  });

  test('a notice is said in lines of whole words', async () => {
    tell({
      ...first,
      notice: '.dstack/workflows.yaml:3:5: `imagee` is not a key of bash workflows; did you mean `image`? What runs goes on.',
    });
    await terminal.until('the notice', (text) => text.endsWith('did you\nmean `image`? What runs goes on.'));
  });

  test('a notice is said once, above it', async () => {
    const ended = { ...first, phase: 'ended' as const, exitCode: 0, endedAt: first.startedAt };
    tell(ended);
    await terminal.until('that it has ended', (text) => text.includes('waiting for changes'));
    tell({ ...ended, notice: '.dstack/workflows.yaml:3:5: unknown key' });
    tell({ ...ended, notice: '.dstack/workflows.yaml:3:5: unknown key', sees: 'polling' });
    await terminal.until('both', (text) => /\n\.dstack\/workflows\.yaml:3:5: unknown key\nattempt 1.*keys$/.test(text));
    expect(terminal.screen()).toHaveLength(4);
  });
});

describe('keys', () => {
  test('r runs it again, s stops what runs; nothing that is typed is echoed', async () => {
    terminal.type('xr');
    await waitFor(() => asked('rerun').length === 1, 'the rerun');
    terminal.type('\x1b[As');
    await waitFor(() => asked('stopAttempt').length === 1, 'the stop of the attempt');
    expect(asked('rerun')).toEqual([{ name: 'calm-otter-3', projectDir: daemon.home }]);
    expect(asked('stop')).toEqual([]);
    expect(terminal.screen()).toEqual([welcome, 'epoch 1']);
  });

  test('one that is refused says why', async () => {
    daemon.answers.stopAttempt = () => refuse('nothing_runs', 'No attempt of calm-otter-3 runs now', { hint: 'Look' });
    terminal.type('s');
    await terminal.until('why', (text) => text.endsWith('\nNo attempt of calm-otter-3 runs now. Look'));
  });

  test('? says what they are', async () => {
    terminal.type('?');
    await terminal.until('the keys', (text) => text.includes('Ctrl+C  asks'));
    expect(terminal.screen()).toContain('s       stop attempt 1; the next change runs it again');
  });

  test('d leaves it going', async () => {
    terminal.type('d');
    expect(await terminal.exit).toBe(0);
    await terminal.until('what to do later', (text) => text.includes('`dstack attach calm-otter-3` shows it'));
    expect(asked('stop')).toEqual([]);
  });

  test.each([
    [{ how: 'itself' as const, exitCode: 7 }, 7, ': attempt 2 had ended with exit code 7'],
    [{ how: 'stopped' as const, exitCode: 143 }, 130, ', and attempt 2 with it'],
    [{ how: null, exitCode: null }, 130, ', and attempt 2 with it'],
  ])('q ends it, with the exit status of an attempt that had come to its end: %j', async (how, code, said) => {
    const attempt = { job: 0, status: 'stopped' as const, cause: null, reason: null, host: null, gpus: [], container: null };
    const times = { startedAt: null, finishedAt: null };
    daemon.answers.run = () =>
      aRunDetail({
        attempts: [
          { ...attempt, ...times, attempt: 1, exitCode: 0, how: 'itself' },
          { ...attempt, ...times, attempt: 2, ...how },
        ],
      });
    terminal.type('q');
    await terminal.until('that it stops', (text) => text.includes('Stopping…'));
    await waitFor(() => asked('stop').length === 1, 'the stop');
    log.tell({ type: 'end', run: aRun({ status: 'stopped', watch: second() }) });
    expect(await terminal.exit).toBe(code);
    await terminal.until('how it ended', (text) => text.endsWith(`\ncalm-otter-3 stopped${said}`));
  });

  test('Ctrl+C asks, and the keys are heard again after that', async () => {
    terminal.type('\x03');
    await terminal.until('the question', (text) => text.endsWith('stop the watch, detach or keep going? [s/d/k]'));
    terminal.type('rk');
    await terminal.until('the answer', (text) => text.endsWith('[s/d/k] k'));
    expect(asked('rerun')).toEqual([]);
    terminal.type('r');
    await waitFor(() => asked('rerun').length === 1, 'the rerun');
    terminal.type('\x03');
    await terminal.until('the question again', (text) => text.endsWith('keep going? [s/d/k]'));
    terminal.type('s');
    await waitFor(() => asked('stop').length === 1, 'the stop');
    terminal.type('\x03');
    await waitFor(() => asked('stop').length === 2, 'the abort');
    expect(asked('stop').map(({ abort }) => abort)).toEqual([false, true]);
  });
});

test("Ctrl+Z suspends it, and the terminal is the shell's; after fg its keys are heard again", async () => {
  daemon.logs = (socket) => {
    socket.tell({ type: 'run', run: aRun({ watch: first }) });
    socket.tell({ type: 'offset', offset: 0, attempt: 1 });
    void socket.bytes('epoch 1\r\n');
  };
  using shell = openPty('bash', ['--norc', '--noprofile', '-i'], { cwd: daemon.home, env: { ...daemon.env, PS1: '> ', HISTFILE: '' } });
  await shell.until('the prompt', (text) => text.endsWith('>'));
  shell.type(`${node} ${cliMain} run train --watch\r`);
  await shell.until('the output', (text) => text.includes('epoch 1'));
  shell.type('\x1a');
  await shell.until('the shell', (text) => /Stopped.*\n>$/s.test(text));
  shell.type('stty -a | grep -o " -*echo "\r');
  await shell.until('that it echoes', (text) => text.endsWith('\n echo\n>'));
  shell.type('fg\r');
  // however long the checkout's path is, and wherever the line is broken for it
  await shell.until('what is in front again', (text) => text.replaceAll('\n', '').endsWith('run train --watch'));
  await waitFor(async () => {
    shell.type('r');
    return asked('rerun').length > 0;
  }, 'the key to be heard');
  shell.type('d');
  await shell.until('the shell', (text) => /goes on\..*\n>$/s.test(text));
  shell.type('stty -a | grep -o " -*icanon "\r');
  await shell.until('that it takes lines again', (text) => text.endsWith('\n icanon\n>'));
});

describe('without a terminal', () => {
  test('lines on stderr, output on stdout', async () => {
    let printed = '';
    daemon.logs = async (socket) => {
      const say = (watch: WatchView): void => socket.tell({ type: 'run', run: aRun({ watch }) });
      say(first);
      socket.tell({ type: 'offset', offset: 0, attempt: 1 });
      await socket.bytes('one\r\n10%\r20%');
      say({ ...first, phase: 'ended', exitCode: 1, endedAt: '2026-01-01T00:00:03.000Z' });
      // when it has been said: the next attempt's line says it, too
      await waitFor(() => printed.includes('waiting for changes'), 'the end of the first');
      say(second({ notice: 'it looks again and again' }));
      socket.tell({ type: 'offset', offset: 9, attempt: 2 });
      await socket.bytes('two\r\n');
      socket.tell({ type: 'end', run: aRun({ status: 'stopped', watch: second() }) });
    };
    const child = spawn(node, [cliMain, 'run', 'train', '--watch'], { cwd: daemon.home, env: daemon.env });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stdout, stderr: printed }).toEqual({
      code: 130,
      stdout: 'one\n20%\ntwo\n',
      stderr: [
        'calm-otter-3',
        'attempt 1 ended with exit code 1 after 3.0 s · waiting for changes',
        'it looks again and again',
        'attempt 2 · train.py changed · restarted in 84 ms · attempt 1 was stopped after 12 s',
        'calm-otter-3 stopped, and attempt 1 with it',
        '',
      ].join('\n'),
    });
  });
});
