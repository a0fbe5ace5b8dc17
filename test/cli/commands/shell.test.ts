/** `dstack shell` on a real terminal, with a real daemon and engine. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { commandLine, processesWith, signal } from '../../support/processes.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { openPty, type Pty } from '../support/pty.ts';

const launcher = join(import.meta.dirname, '../../../scripts/dstack');
let daemon: TestDaemon;
let cwd: string;
let run: string;
let terminal: Pty;
beforeAll(async () => {
  daemon = await startDaemon();
  cwd = await projectWith('- {name: long, provider: bash, before_run: [export FOO=yes, cd sub], commands: [sleep 1000]}', {
    'sub/file': 'x',
  });
  run = (await daemon.cli(['run', '-d', 'long'], { cwd })).stdout.trim();
  await waitFor(async () => (await daemon.json<Run>(['ps', run], { cwd })).status === 'running', 'it to run');
});
afterEach(() => terminal?.[Symbol.dispose]());
afterAll(() => daemon?.[Symbol.asyncDispose]());

/** The shell under a shell of ours, so that what is left of the terminal can be looked at. */
async function open(args = ['shell', run], size = { columns: 80, rows: 24 }): Promise<void> {
  const { FORCE_COLOR: _, ...env } = daemon.env;
  const script = `stty -a | tr ';' '\\n' | grep -E 'icanon|isig' >/tmp/before.$$; ${launcher} ${args.join(' ')}; echo "status $?"; stty -a | tr ';' '\\n' | grep -E 'icanon|isig' | cmp - /tmp/before.$$ && echo as before; rm /tmp/before.$$`;
  terminal = openPty('bash', ['-c', script], { cwd, env, ...size });
  await terminal.until('the prompt', (text) => /# $|#$/.test(text));
}

const shows = (what: string): Promise<void> => terminal.until(what, (text) => text.split('\n').includes(what));
const ends = (status: number): Promise<void> => terminal.until(`status ${status}`, (text) => text.includes(`status ${status}\nas before`));

test('it says where one is, has the size of the window and what the set-up left, and follows it', async () => {
  await open(undefined, { columns: 101, rows: 31 });
  expect(terminal.screen()[0]).toBe(`${run} on local; exit or Ctrl+D to leave`);
  terminal.type('echo "$FOO in $PWD"\r');
  await shows('yes in /workflow/sub');
  terminal.type('stty size\r');
  await shows('31 101');
  // resized while the shell reads a line, it would draw that line anew, over whatever stands there
  terminal.type('echo "beg"un; while [ "$(stty size)" = "31 101" ]; do :; done; echo "after: $(stty size)"\r');
  await shows('begun');
  terminal.resize(77, 22);
  await terminal.until('the new size', (text) => text.includes('after: 22 77'));
  terminal.type('exit 5\r');
  await ends(5);
});

test('keys are for what runs in it: Ctrl+C, Ctrl+Z, Ctrl+D', async () => {
  await open();
  terminal.type('sleep 4731\r');
  await waitFor(async () => /^sleep 4731$/m.test((await daemon.cli(['exec', run, 'ps', '-o', 'args'], { cwd })).stdout), 'it to begin');
  terminal.type('\x03');
  terminal.type('echo "code $?"\r');
  await shows('code 130');
  terminal.type('cat\r');
  await terminal.until('cat', (text) => text.includes('# cat'));
  terminal.type('\x1a');
  await terminal.until('that it is stopped', (text) => /Stopped\s+cat/.test(text));
  terminal.type('kill %1\r\x04');
  terminal.type('\x04');
  await terminal.until('the end', (text) => /status \d+\nas before/.test(text));
});

test('exec has a terminal where there is one, and none where that is asked for', async () => {
  const line = `exec ${run} -- sh -c 'test -t 0 && echo terminal || echo pipe'`;
  terminal = openPty('bash', ['-c', `${launcher} ${line}; ${launcher} ${line.replace('--', '--no-tty --')}; echo "status $?"`], {
    cwd,
    env: daemon.env,
  });
  await terminal.until('both', (text) => text.includes('terminal\npipe\nstatus 0'));
});

test('the daemon dies: the terminal is given back, out of the screen that a program had taken', async () => {
  await open();
  terminal.type("printf 'half a line\\033[?1049h\\033[?25l\\033[?1000hother screen'; sleep 1000\r");
  await terminal.until('the other screen', (text) => text.trim() === 'other screen');
  await daemon.kill();
  await terminal.until(
    'the sentence',
    (text) =>
      /^The daemon went away/m.test(text) && text.includes(`Come back with: dstack shell ${run}`) && text.includes('status 125\nas before'),
  );
  expect(terminal.screen()[0]).toBe(`${run} on local; exit or Ctrl+D to leave`);
  expect(terminal.raw()).toContain('\x1b[?25h');
  expect(terminal.raw()).toContain('\x1b[?1000l');
  await daemon.start();
});

test('SIGTERM to the command line gives the terminal back too', async () => {
  await open();
  terminal.type('sleep 4730\r');
  await terminal.until('the command', (text) => text.includes('# sleep 4730'));
  const shells = processesWith('DSTACK_HOME', daemon.home).filter((pid) => ['shell', run].every((word) => commandLine(pid).includes(word)));
  for (const pid of shells) signal(pid, 'SIGTERM');
  await ends(143);
  await waitFor(async () => !(await daemon.cli(['exec', run, 'ps'], { cwd })).stdout.includes('4730'), 'what ran in it to end');
});
