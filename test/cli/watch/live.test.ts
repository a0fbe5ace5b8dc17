/** What a user sees and types, from end to end: a real terminal, the real daemon, a real container. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { project } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { root } from '../support/daemon-double.ts';
import { openPty, type Pty } from '../support/pty.ts';

let daemon: TestDaemon;
let dir: string;
const terminals: Pty[] = [];

// a container's terminal gets its size a moment after its start, from engines that cannot make it with one
const untilSized = 'until [ -n "$(stty size 2>/dev/null)" ]; do sleep 0.02; done; stty size';
const workflows = {
  'train.txt': 'one\n',
  '.dstack/workflows.yaml': `workflows:
  - name: once
    provider: bash
    image: dstack-test/tiny:1
    commands: ['cat train.txt', 'exit 3']
  - name: train
    provider: bash
    image: dstack-test/tiny:1
    commands:
      - cat train.txt
      - ${untilSized}
      - trap 'echo now $(stty size)' WINCH
      - trap 'exit 0' USR2
      - while :; do sleep 0.05; done
  - name: bars
    provider: bash
    image: dstack-test/tiny:1
    commands:
      - ${untilSized}
      - printf 'a 10%%\\r\\033[32ma 50%%\\033[0m\\ra 100%%\\n'
      - printf 'two\\nlines\\n\\033[2A\\033[2Kover\\n\\033[1B'
      - echo end
`,
};

beforeEach(async () => {
  daemon = await startDaemon({ config: { grace_period: '2s' } });
  dir = await project(workflows);
});
afterEach(async () => {
  for (const terminal of terminals.splice(0)) terminal[Symbol.dispose]();
  await daemon[Symbol.asyncDispose]();
});

function open(args: string[], size: { columns?: number; rows?: number } = {}): Pty {
  const terminal = openPty(join(root, 'scripts/dstack'), args, { cwd: dir, env: daemon.env, ...size });
  terminals.push(terminal);
  return terminal;
}
const theRun = async (): Promise<RunDetail> => {
  const [run] = await daemon.json<RunDetail[]>(['ps'], { cwd: dir });
  return daemon.json<RunDetail>(['ps', run?.name ?? ''], { cwd: dir });
};
const save = (text: string): void => writeFileSync(join(dir, 'train.txt'), `${text}\n`);

describe('a watch', () => {
  test('shows each attempt under its line, and its keys do what they say', async () => {
    const terminal = open(['run', 'once', '--watch'], { columns: 120 });
    const ended = 'ended with exit code 3';
    await terminal.until('the end of the first', (text) =>
      /\none\nattempt 1 ended with exit code 3 after .* · waiting for changes/.test(text),
    );
    save('two');
    await terminal.until('the end of the second', (text) => text.includes(`attempt 2 ${ended}`));
    expect(terminal.screen().slice(2, 4)).toEqual([
      expect.stringMatching(/^── attempt 2 · train\.txt changed · restarted in .* · attempt 1 ended with exit code 3 after .* ──$/),
      'two',
    ]);
    terminal.type('r');
    await terminal.until('the end of the third', (text) => text.includes(`attempt 3 ${ended}`));
    expect(terminal.screen()[4]).toMatch(/^── attempt 3 · asked for · restarted in /);
    expect((await theRun()).attempts.map(({ attempt, how }) => [attempt, how])).toEqual([
      [1, 'itself'],
      [2, 'itself'],
      [3, 'itself'],
    ]);
    terminal.type('q');
    expect(await terminal.exit).toBe(3);
    await terminal.until('how it ended', (text) => text.endsWith('stopped: attempt 3 had ended with exit code 3'));
  });

  test('goes on when its terminal is left, and is joined from another one', async () => {
    const terminal = open(['run', 'train', '--watch']);
    await terminal.until('the output', (text) => text.includes('one\n24 80'));
    terminal.type('d');
    expect(await terminal.exit).toBe(0);
    const { name } = await theRun();
    const other = open(['attach', name], { columns: 100, rows: 30 });
    await other.until('the size of the other', (text) => text.includes('now 30 100'));
    save('two');
    await other.until('the next attempt', (text) => /── attempt 2 · .*\ntwo\n30 100/.test(text));
    other.type('s');
    await other.until('that it was stopped', (text) => /attempt 2 was stopped after .* · waiting for changes/.test(text));
    const { stdout } = await daemon.cli(['ps', name], { cwd: dir });
    expect(stdout).toMatch(/\n {13}2 train\.txt changed: stopped after /);
    other.type('q');
    expect(await other.exit).toBe(130);
  });
});

test('the size of the terminal that was changed last is that of the job, and of what comes after it', async () => {
  const first = open(['run', 'train', '--watch']);
  await first.until('the size', (text) => text.includes('24 80'));
  first.resize(90, 25);
  await first.until('the next size', (text) => text.includes('now 25 90'));
  const { name } = await theRun();
  const second = open(['attach', name], { columns: 110, rows: 35 });
  await second.until('its own size', (text) => text.includes('now 35 110'));
  await daemon.kill();
  await second.until('another daemon', (text) => text.includes('connecting to it again'));
  second.resize(111, 36);
  await second.until('the size after that', (text) => text.includes('now 36 111'));
  // a fresh container
  writeFileSync(
    join(dir, '.dstack/workflows.yaml'),
    workflows['.dstack/workflows.yaml'].replace('cat train.txt\n      -', 'echo fresh\n      -'),
  );
  await second.until('it in a fresh container', (text) => text.includes('fresh\n36 111'));
  await daemon.cli(['stop', name, '-x'], { cwd: dir });
  expect(await second.exit).toBe(130);
});

test('bars come through byte for byte on a terminal, and in their last state without one', async () => {
  const terminal = open(['run', 'bars']);
  expect(await terminal.exit).toBe(0);
  await terminal.until('the end', (text) => text.endsWith('end'));
  // this machine's terminal makes of the job's `\r\n` what it makes of any `\n`
  expect(terminal.raw().replaceAll('\r\r\n', '\r\n')).toContain(
    'a 10%\r\x1b[32ma 50%\x1b[0m\ra 100%\r\ntwo\r\nlines\r\n\x1b[2A\x1b[2Kover\r\n\x1b[1Bend\r\n',
  );
  expect(terminal.screen().slice(-4)).toEqual(['a 100%', 'over', 'lines', 'end']);
  const { name } = await theRun();
  const { stdout } = await daemon.cli(['attach', name, '--all'], { cwd: dir });
  expect(stdout).toBe('24 80\na 100%\ntwo\nlines\nover\nend\n');
});

describe('a run that is joined', () => {
  test('shows the end of what it printed, goes on, and ends as the run does', async () => {
    const commands = ['seq 1000', 'until [ -e /tmp/go ]; do sleep 0.05; done', 'seq 2000 2002', 'exit 4'].flatMap((text) => ['-c', text]);
    const { stdout } = await daemon.cli(['run', '-d', 'bash', ...commands], { cwd: dir });
    const name = stdout.trim();
    // when all of it is there to be the end of
    await waitFor(async () => (await daemon.cli(['logs', name], { cwd: dir })).stdout.endsWith('\n1000\n'), 'the first lines');
    const terminal = open(['attach', name], { rows: 10 });
    await terminal.until('the end of it', (text) => text.includes('\n1000'));
    expect(terminal.screen()[0]).toBe('991');
    await daemon.cli(['exec', name, '--', 'touch', '/tmp/go'], { cwd: dir });
    expect(await terminal.exit).toBe(4);
    await terminal.until('how it ended', (text) => text.includes(`2002\n${name} failed: exit code 4`));
  });

  test('that has ended says how, with its exit status', async () => {
    const ended = await daemon.cli(['run', 'once'], { cwd: dir });
    expect(ended.code).toBe(3);
    const { name } = await theRun();
    expect(await daemon.cli(['attach', name], { cwd: dir })).toMatchObject({
      code: 3,
      stdout: 'one\n',
      stderr: expect.stringContaining(`${name} failed: exit code 3`),
    });
    expect(await daemon.cli(['attach', 'no-such-1'], { cwd: dir })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Cannot find'),
    });
  });
});

test('without a terminal a watch prints lines, and ends as its last attempt did', async () => {
  const done = daemon.cli(['run', 'once', '--watch'], { cwd: dir });
  const run = await waitFor(async () => {
    const found = await theRun().catch(() => null);
    return found?.reason?.includes('waiting for changes') ? found : null;
  }, 'the end of the first attempt');
  save('two');
  await waitFor(async () => (await theRun()).reason?.startsWith('attempt 2 ended') ?? false, 'the end of the second attempt');
  await daemon.cli(['stop', run.name], { cwd: dir });
  const { code, stdout, stderr } = await done;
  expect({ code, stdout }).toEqual({ code: 3, stdout: 'one\ntwo\n' });
  expect(stderr).toMatch(/\nattempt 2 · train\.txt changed · restarted in .* · attempt 1 ended with exit code 3 after /);
  expect(stderr).toMatch(/\n\S+ stopped: attempt 2 had ended with exit code 3\n$/);
});
