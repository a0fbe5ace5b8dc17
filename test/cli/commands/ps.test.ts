import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aWatch } from '../support/a-watch.ts';
import { aRun, aRunDetail, cliMain, daemonDouble, node, refuse, type DaemonDouble } from '../support/daemon-double.ts';
import { openPty } from '../support/pty.ts';

let daemon: DaemonDouble;
const hours = (n: number): string => new Date(Date.now() - n * 3_600_000 - 1000).toISOString();
const runs = [
  aRun({
    name: 'calm-otter-3',
    status: 'queued',
    reason: 'second in line: waits for 4 GPUs that ada (red-fox-1) and grace (big-bear-2) hold',
    submittedAt: hours(0.05),
  }),
  aRun({
    name: 'adventurous-hummingbird-12',
    workflow: 'a-workflow-with-a-long-name-indeed',
    status: 'done',
    exitCode: 0,
    tags: ['best', 'v1'],
    submittedAt: hours(30),
  }),
  aRun({ name: 'red-fox-1', workflow: null, provider: 'docker', status: 'failed', exitCode: 3, submittedAt: hours(50) }),
];

beforeEach(async () => {
  daemon = await daemonDouble({
    ps: () => runs,
    run: ({ name }) => (name === 'calm-otter-3' ? aRunDetail() : refuse('no_such_run', `Cannot find the run '${String(name)}'`)),
  });
});
afterEach(() => daemon.close());

test('piped: everything, without colour', async () => {
  expect((await daemon.cli(['ps'])).stdout).toBe(
    [
      'RUN                         WORKFLOW                            SUBMITTED   OWNER  STATUS  TAG',
      'calm-otter-3                train                               3 mins ago  ada    Queued',
      '  second in line: waits for 4 GPUs that ada (red-fox-1) and grace (big-bear-2) hold',
      'adventurous-hummingbird-12  a-workflow-with-a-long-name-indeed  yesterday   ada    Done    best, v1',
      'red-fox-1                   docker                              2 days ago  ada    Failed',
      '',
    ].join('\n'),
  );
  expect(daemon.asked[0]).toMatchObject({ verb: 'ps', params: { projectDir: daemon.home } });
});

test.each([
  [
    80,
    [
      'RUN                         WORKFLOW    SUBMITTED   OWNER  STATUS  TAG',
      'calm-otter-3                train       3 mins ago  ada    Queued',
    ],
  ],
  [200, ['RUN                         WORKFLOW                            SUBMITTED   OWNER  STATUS  TAG']],
] as const)('on a terminal of %d columns no line is cut by the edge', async (columns, first) => {
  using terminal = openPty(node, [cliMain, 'ps'], { cwd: daemon.home, env: daemon.env, columns });
  expect(await terminal.exit).toBe(0);
  await terminal.until('the last run', (text) => text.includes('red-fox-1  '));
  const screen = terminal.screen();
  if (columns === 200) expect(screen.slice(0, 1)).toEqual(first);
  else expect(screen[0]).toMatch(/^RUN +WORKFLOW +SUBMITTED +OWNER +STATUS +TAG$/);
  expect(screen).toHaveLength(5);
  expect(screen[2]).toBe(
    columns === 80 ? '  second in line: waits for 4 GPUs that ada (red-fox-1) and grace (big-bear-2) …' : `  ${runs[0]?.reason}`,
  );
  expect(screen[3]).toMatch(
    columns === 80
      ? /^adventurous-hummingbird-12  a-workf\S*…  yesterday   ada    Done    best, v1$/
      : /a-workflow-with-a-long-name-indeed  yesterday/,
  );
  expect(terminal.raw()).toContain('\x1b[32mDone\x1b[39m');
});

test('NO_COLOR is heeded on a terminal', async () => {
  using terminal = openPty(node, [cliMain, 'ps'], { cwd: daemon.home, env: { ...daemon.env, NO_COLOR: '1' } });
  expect(await terminal.exit).toBe(0);
  await terminal.until('the runs', (text) => text.includes('Failed'));
  expect(terminal.raw()).not.toContain('\x1b[3');
});

test('--json prints the objects of the contract', async () => {
  const done = await daemon.cli(['ps', '-a', '--json']);
  expect(JSON.parse(done.stdout)).toEqual(runs);
  expect(daemon.asked[0]?.params).toMatchObject({ all: '1' });
  expect(JSON.parse((await daemon.cli(['ps', 'calm-otter-3', '--json'])).stdout)).toMatchObject({
    name: 'calm-otter-3',
    snapshot: { dirty: true },
  });
});

test('one run in full', async () => {
  const { stdout } = await daemon.cli(['ps', 'calm-otter-3']);
  expect(stdout).toContain('Wants        1 GPU A100, 2 cores, 4 GB memory\n');
  expect(stdout).toContain('Commit       0123456789ab on main, with changes\n');
  expect(stdout).toContain('Deps         :data = red-fox-1\n');
  expect(stdout).toContain("Arguments    --epochs 3 'two words'\n");
  expect(stdout).toContain('Commands     pip install x\n             python train.py\n');
  expect(stdout).toContain('Time limit   1h 30m\n');
  expect(stdout).not.toMatch(/Restart of|Host {9}\n|URLs/);
});

test('a run that waits: its place in line, for whom, host by host, and its attempts', async () => {
  daemon.answers.run = () =>
    aRunDetail({
      status: 'queued',
      position: 3,
      interruptible: true,
      priority: 5,
      attempts: [
        {
          attempt: 1,
          job: 0,
          status: 'interrupted',
          cause: 'preempted',
          reason: 'made room for red-fox-1',
          host: 'local',
          gpus: [],
          container: null,
          startedAt: '2026-01-01T00:00:00Z',
          finishedAt: '2026-01-01T00:03:00Z',
          exitCode: 143,
        },
        {
          attempt: 2,
          job: 0,
          status: 'interrupted',
          cause: 'failed',
          reason: 'exit code 3',
          host: 'local',
          gpus: [],
          container: null,
          startedAt: '2026-01-01T00:04:00Z',
          finishedAt: '2026-01-01T00:04:05Z',
          exitCode: 3,
        },
        {
          attempt: 3,
          job: 0,
          status: 'queued',
          cause: null,
          reason: null,
          host: null,
          gpus: [],
          container: null,
          startedAt: null,
          finishedAt: null,
          exitCode: null,
        },
      ],
      waiting: {
        candidates: [{ host: 'local', why: '0 of 2 GPUs free' }],
        holders: [{ run: 'red-fox-1', user: 'bob', what: 'GPUs 0, 1 of local' }],
      },
    });
  const { stdout } = await daemon.cli(['ps', 'calm-otter-3']);
  expect(stdout).toContain('In line      number 3\n');
  expect(stdout).toContain('Waits for    GPUs 0, 1 of local: red-fox-1 (bob)\n');
  expect(stdout).toContain('Candidates   local: 0 of 2 GPUs free\n');
  expect(stdout).toContain('Priority     5\n');
  expect(stdout).toContain('Limits       interruptible\n');
  expect(stdout).toContain(
    'Attempts     1 interrupted on local after 3 min: made room for red-fox-1\n             2 failed on local after 5 s: exit code 3\n             3 queued\n',
  );
});

test('no such run, and no runs', async () => {
  expect(await daemon.cli(['ps', 'nope'])).toEqual({ code: 1, stdout: '', stderr: "Cannot find the run 'nope'\n" });
  daemon.answers.ps = () => [];
  expect(await daemon.cli(['ps'])).toEqual({ code: 0, stdout: '', stderr: 'No runs yet.\n' });
  expect((await daemon.cli(['ps', '--json'])).stdout).toBe('[]\n');
});

test('where a run serves something: whole URLs below it, on a narrow terminal too', async () => {
  const token = '0123456789abcdef'.repeat(2);
  const lab = { name: 'lab', url: `http://127.0.0.1:65535/lab?token=${token}` };
  daemon.answers.ps = () => [aRun({ urls: [lab, { name: 'PORT_1', url: 'http://127.0.0.1:6006' }] })];
  expect((await daemon.cli(['ps'])).stdout).toContain(`\n  lab ${lab.url}\n  PORT_1 http://127.0.0.1:6006\n`);
  using terminal = openPty(node, [cliMain, 'ps'], { cwd: daemon.home, env: daemon.env, columns: 80 });
  expect(await terminal.exit).toBe(0);
  await terminal.until('the last line', (text) => text.includes('PORT_1'));
  expect(terminal.screen().slice(2)).toEqual([`  lab ${lab.url}`, '  PORT_1 http://127.0.0.1:6006']);
});

describe('a watch', () => {
  const times = { startedAt: '2026-01-01T00:00:00.000Z', finishedAt: '2026-01-01T00:00:01.500Z' };
  const attempt = { job: 0, status: 'failed' as const, cause: 'watch' as const, reason: null, host: 'local', gpus: [], container: null };
  const one = (n: number, over: object = {}) => ({
    ...{ ...attempt, ...times, attempt: n, exitCode: 1, changed: ['train.py'], how: 'itself' as const },
    ...over,
  });

  test('in the list: what it does, or waits for', async () => {
    daemon.answers.ps = () => [
      aRun({ watch: aWatch() }),
      aRun({ watch: aWatch({ phase: 'ended' }), reason: 'attempt 4 ended with exit code 1; waiting for changes' }),
    ];
    const { stdout } = await daemon.cli(['ps']);
    expect(stdout).toContain('\n  attempt 4 of a watch\n');
    expect(stdout).toContain('\n  attempt 4 ended with exit code 1; waiting for changes\n');
  });

  test('in full: its attempts, what changed before each, and how it ended', async () => {
    daemon.answers.run = () =>
      aRunDetail({
        watch: aWatch({ sees: 'polling', notice: 'inotify is used up' }),
        attempts: [
          one(1, { changed: [] }),
          one(2, { how: 'changed', exitCode: 143 }),
          one(3, { how: 'stopped', changed: [] }),
          one(4, { how: 'container', reason: 'out of memory', changed: ['a', 'b', 'c', 'd'] }),
          one(5, { how: 'container', reason: 'cannot pull the image', changed: [], startedAt: null }),
          one(6, { how: null, status: 'running', finishedAt: null, startedAt: new Date(Date.now() - 61_500).toISOString() }),
        ],
      });
    const { stdout } = await daemon.cli(['ps', 'calm-otter-3']);
    expect(stdout).toContain(
      [
        'Watched      by the daemon, which looks again and again',
        '             inotify is used up',
        'Attempts     1 the first: ended with exit code 1 after 1.5 s',
        '             2 train.py changed: stopped for the next after 1.5 s',
        '             3 no file changed: stopped after 1.5 s',
        '             4 a, b, c and 1 more changed: ended with its container after 1.5 s: out of memory',
        '             5 no file changed: could not start: cannot pull the image',
        '             6 train.py changed: running for 1 min',
      ].join('\n'),
    );
  });

  test('on a terminal a long reason is broken between words, and goes on below where it began', async () => {
    const reason = `cannot pull the image r.io/a/b:1: ${'no route to the registry, '.repeat(8)}or so`;
    daemon.answers.run = () => aRunDetail({ watch: aWatch(), reason, attempts: [one(1, { how: 'container', reason, startedAt: null })] });
    using terminal = openPty(node, [cliMain, 'ps', 'calm-otter-3'], { cwd: daemon.home, env: daemon.env });
    expect(await terminal.exit).toBe(0);
    await terminal.until('its end', (text) => text.includes('Variables'));
    const screen = terminal.screen();
    for (const name of ['Reason', 'Attempts']) {
      const at = screen.findIndex((line) => line.startsWith(name));
      expect(screen[at + 1]).toMatch(/^ {13}\S/);
      expect(screen[at]).toMatch(/ (image|to|the|no|route|registry,)$/);
    }
    expect((await daemon.cli(['ps', 'calm-otter-3'])).stdout).toContain(`Reason       ${reason}\n`);
  });

  test('of many attempts the last twenty, and all of them for programs', async () => {
    daemon.answers.run = () => aRunDetail({ watch: aWatch(), attempts: Array.from({ length: 1000 }, (_, i) => one(i + 1)) });
    const { stdout } = await daemon.cli(['ps', 'calm-otter-3']);
    expect(stdout).toContain('Attempts     980 before these (`--json` has all)\n             981 train.py changed: ');
    expect(stdout.match(/train\.py changed/g)).toHaveLength(20);
    expect(JSON.parse((await daemon.cli(['ps', 'calm-otter-3', '--json'])).stdout)).toMatchObject({ attempts: { length: 1000 } });
  });
});
