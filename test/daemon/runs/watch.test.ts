/** Watches in real containers: what an attempt sees of the project, what is left of the one before, when there is a fresh container, and what ends it all. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { engineRequest } from '../../support/engine-api.ts';
import { projectWith } from '../../support/project.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, ended, untilNothingIsLeft, untilStatus } from './fixture.ts';
import { detail, press, printed, startWatch, untilAttempt, workflow } from './watch-fixture.ts';

const given = daemonOfFile({ config: { grace_period: '1s' } });

/** Everything in the workspace with its content, but for the artifacts. */
const listing = `find . -mindepth 1 -path ./out -prune -o -print | sort | while IFS= read -r f; do if [ -L "$f" ]; then echo "$f -> $(readlink "$f")"; elif [ -d "$f" ]; then echo "$f/"; elif [ -x "$f" ]; then echo "$f* $(cat "$f")"; else echo "$f $(cat "$f")"; fi; done`;
const count = 'n=$(cat out/n 2>/dev/null || echo 0); echo $((n+1)) >out/n; echo "artifact $n"';

/** What a job may leave behind. */
const mess = [
  'echo mess >new.txt; mkdir -p new/deep; echo mess >new/deep/file; echo mess >changed.txt; rm -f gone.txt',
  'rm -rf folder; mkdir folder; echo other >folder/mine',
  'rm -rf turned; mkdir turned; echo in >turned/in',
  'rm -f link; ln -s /nowhere link; ln -s changed.txt another',
  `rm -f 'odd name; $(touch x)'; echo >'-n'; echo >"it's"; mkdir sub/empty; chmod 600 plain.txt`,
];
const original = {
  'changed.txt': 'first',
  'gone.txt': 'gone',
  'folder/a': 'a',
  'folder/b/c': 'c',
  turned: 'a file',
  'odd name; $(touch x)': 'odd',
  'sub/x': 'x',
  'plain.txt': 'plain',
  'run.sh': '#!/bin/sh',
};
const seen = (files: Record<string, string>): string[] => Object.entries(files).map(([path, text]) => `./${path} ${text}`);

describe.each([
  { who: 'root, bash', image: '', user: null },
  { who: 'another user, busybox alone', image: 'dstack-test/tiny-user:1', user: '1000' },
])('as $who', ({ image, user }) => {
  test('each attempt sees exactly its files, whatever the ones before left; artifacts stay', async () => {
    const { daemon } = given;
    if (user) await userImage(daemon.engine, image, user);
    const more = `  artifacts: [out]\n${image ? `  image: ${image}\n` : ''}`;
    const cwd = await projectWith(workflow([count, listing, `{ ${mess.join('; ')}; } 2>/dev/null || :`], more), original);
    symlinkSync('changed.txt', join(cwd, 'link'));
    chmodSync(join(cwd, 'run.sh'), 0o755);
    const name = await startWatch(daemon, cwd);
    await untilAttempt(daemon, cwd, name, 1, 'ended');
    // as before, by key
    await press(daemon, cwd, name, 'r');
    const second = await untilAttempt(daemon, cwd, name, 2, 'ended');
    expect(second.watch.fresh).toBeNull();
    rmSync(join(cwd, 'folder'), { recursive: true });
    rmSync(join(cwd, 'turned'));
    mkdirSync(join(cwd, 'turned'));
    writeFileSync(join(cwd, 'turned/now'), 'a folder');
    writeFileSync(join(cwd, 'folder'), 'a file now');
    writeFileSync(join(cwd, 'changed.txt'), 'second');
    await waitFor(async () => (await detail(daemon, cwd, name)).watch?.attempt !== 2, 'the change to be seen');
    // however many attempts the changes made
    const last = await waitFor(async () => {
      const run = await detail(daemon, cwd, name);
      return run.watch?.phase === 'ended' && (await printed(daemon, cwd, name, run.watch.attempt)).includes('second') ? run.watch : null;
    }, 'the last attempt');
    const texts = await Promise.all([1, 2, last.attempt].map((attempt) => printed(daemon, cwd, name, attempt)));
    const lines = texts.map((text) => text.trim().split('\n'));
    const before = ['artifact 0', './.dstack/', './folder/', './folder/b/', './sub/', './link -> changed.txt', './run.sh* #!/bin/sh'];
    const expected = [...before, ...seen(original).filter((line) => !line.startsWith('./run.sh'))];
    const own = (all: string[] | undefined) => (all ?? []).filter((line) => !/workflows\.yaml|^(workflows:|\s)/.test(line)).toSorted();
    expect(own(lines[0])).toEqual(expected.toSorted());
    expect(own(lines[1])).toEqual(expected.map((line) => line.replace('artifact 0', 'artifact 1')).toSorted());
    const gone = /^\.\/(folder|turned|changed)/;
    const now = ['./folder a file now', './turned/', './turned/now a folder', './changed.txt second', `artifact ${last.attempt - 1}`];
    expect(own(lines[2])).toEqual([...expected.slice(1).filter((line) => !gone.test(line)), ...now].toSorted());
    expect(last.fresh).toBeNull();
    await daemon.cli(['stop', name, '-y'], { cwd });
    await untilStatus(daemon, cwd, name, 'stopped');
  });
});

test('nothing of an attempt is left when the next begins: neither who has left it, nor who does not listen', async () => {
  const { daemon } = given;
  const cwd = await projectWith(
    workflow([
      'ps -o args | grep -c "[s]leep 98" || :',
      `(setsid sh -c 'trap "" TERM; sleep 987; sleep 988' &); sh -c '(sleep 985 &) ; :'; sleep 986 &`,
      'if [ $RUN_ATTEMPT -gt 1 ]; then exit 7; fi',
      "trap '' TERM; while :; do sleep 989; done",
    ]),
    { a: '1' },
  );
  const name = await startWatch(daemon, cwd);
  await untilAttempt(daemon, cwd, name, 1, 'running');
  await waitFor(async () => (await printed(daemon, cwd, name, 1)).startsWith('0'), 'its first line');
  writeFileSync(join(cwd, 'a'), '2');
  const told = await untilAttempt(daemon, cwd, name, 1, 'ending');
  expect(told).toMatchObject({ reason: 'attempt 1 is being ended, and killed after 1s', watch: { grace: 1 } });
  const second = await untilAttempt(daemon, cwd, name, 2, 'ended');
  expect(second).toMatchObject({
    status: 'running',
    reason: 'attempt 2 ended with exit code 7; waiting for changes',
    watch: { fresh: null },
  });
  expect(second.watch.before).toMatchObject({ attempt: 1, how: 'changed' });
  await press(daemon, cwd, name, 'r');
  await untilAttempt(daemon, cwd, name, 3, 'ended');
  expect([await printed(daemon, cwd, name, 2), await printed(daemon, cwd, name, 3)]).toEqual(['0\n', '0\n']);
  await daemon.cli(['stop', name, '-y'], { cwd });
  await untilStatus(daemon, cwd, name, 'stopped');
});

test('`s` ends what runs, and the watch goes on; a tag moves when the last attempt was well', async () => {
  const { daemon } = given;
  const cwd = await projectWith(workflow(['echo $RUN_ATTEMPT >out/x', '[ ! -e slow ] || sleep 60'], '  artifacts: [out]\n'), { slow: '' });
  const name = await startWatch(daemon, cwd, '-t', 'best');
  await untilAttempt(daemon, cwd, name, 1, 'running');
  expect(await press(daemon, cwd, name, 's')).toEqual({ attempt: 1 });
  expect(await untilAttempt(daemon, cwd, name, 1, 'ended')).toMatchObject({ status: 'running', attempts: [{ how: 'stopped' }] });
  rmSync(join(cwd, 'slow'));
  await untilAttempt(daemon, cwd, name, 2, 'ended');
  await daemon.cli(['stop', name, '-y'], { cwd });
  expect(await untilStatus(daemon, cwd, name, ...ended)).toMatchObject({ status: 'stopped', exitCode: 0, tags: ['best'] });
  // the newest attempt's files, once, and without watching
  const again = (await daemon.cli(['restart', name, '-d'], { cwd })).stdout.trim();
  expect(await untilStatus(daemon, cwd, again, ...ended)).toMatchObject({ status: 'done', watch: null });
});

test('a changed workflow makes a fresh container, in which artifacts are what they were', async () => {
  const { daemon } = given;
  const commands = ['cat first/x second/x 2>/dev/null || :', 'echo "$A $(hostname)"', 'echo 1 >>first/x'];
  const file = (a: string, artifacts: string) => workflow(commands, `  env: [A=${a}]\n  artifacts: [${artifacts}]\n`);
  const cwd = await projectWith(file('one', 'first'));
  const name = await startWatch(daemon, cwd);
  await untilAttempt(daemon, cwd, name, 1, 'ended');
  const change = async (text: string) => {
    const other = await projectWith(text);
    writeFileSync(
      join(cwd, '.dstack/workflows.yaml'),
      await import('node:fs').then((fs) => fs.readFileSync(join(other, '.dstack/workflows.yaml'))),
    );
  };
  await change(file('two', 'second, first'));
  const second = await untilAttempt(daemon, cwd, name, 2, 'ended');
  expect(second.watch.fresh).toMatch(/workflow changed/);
  expect(second.attempts.map((one) => [one.attempt, one.how, one.exitCode])).toEqual([
    [1, 'itself', 0],
    [2, 'itself', 0],
  ]);
  const [one, two] = await Promise.all([printed(daemon, cwd, name, 1), printed(daemon, cwd, name, 2)]);
  expect(two.split('\n')[0]).toBe('1');
  expect(two).toContain('two');
  expect(two.split(' ').at(-1)).not.toBe(one.split(' ').at(-1));
  await daemon.cli(['stop', name, '-y'], { cwd });
  await untilStatus(daemon, cwd, name, 'stopped');
});

test('a container that somebody removes is followed by another at the next change', async () => {
  const { daemon } = given;
  const cwd = await projectWith(workflow(['cat a', 'sleep ${S:-60}'], '  env: [S=60]\n'), { a: '1\n' });
  const name = await startWatch(daemon, cwd);
  const { attempts } = await untilAttempt(daemon, cwd, name, 1, 'running');
  await engineRequest(daemon.engine, 'DELETE', `/containers/${attempts[0]?.container}?force=1`);
  const held = await untilAttempt(daemon, cwd, name, 1, 'ended');
  expect(held.reason).toMatch(/^attempt 1 ended with its container.*; waiting for changes$/);
  expect(held.attempts).toMatchObject([{ how: 'container' }]);
  writeFileSync(join(cwd, 'a'), '2\n');
  await untilAttempt(daemon, cwd, name, 2, 'running');
  await waitFor(async () => (await printed(daemon, cwd, name, 2)) === '2\n', 'its output');
  await daemon.cli(['stop', name, '-y'], { cwd });
  await untilStatus(daemon, cwd, name, 'stopped');
});

test('an image that is not there is waited for like a fault in the code', async () => {
  const { daemon } = given;
  const file = (image: string) => workflow(['echo there'], `  image: ${image}\n`);
  const cwd = await projectWith(file('localhost:1/none:1'));
  const name = await startWatch(daemon, cwd);
  const first = await untilAttempt(daemon, cwd, name, 1, 'ended');
  expect(first).toMatchObject({
    status: 'preparing',
    reason: 'attempt 1 could not start; waiting for changes',
    attempts: [{ how: 'container', reason: expect.stringContaining('localhost:1/none:1') }],
  });
  writeFileSync(join(cwd, '.dstack/workflows.yaml'), `workflows:\n  ${file(tinyImage).replaceAll('\n', '\n  ')}\n`);
  const second = await untilAttempt(daemon, cwd, name, 2, 'ended');
  expect(second.watch, JSON.stringify(second.attempts)).toMatchObject({ exitCode: 0 });
  await daemon.cli(['stop', name, '-y'], { cwd });
  await untilStatus(daemon, cwd, name, 'stopped');
});

test('an image with a command of its own, and one that ran out of memory', async () => {
  const { daemon } = given;
  const cwd = await projectWith(
    `- name: w\n  provider: docker\n  image: ${tinyImage}\n  entrypoint: [/bin/sh, -c]\n  commands: ["cat a"]\n`,
    { a: '1\n' },
  );
  const name = await startWatch(daemon, cwd);
  await untilAttempt(daemon, cwd, name, 1, 'ended');
  writeFileSync(join(cwd, 'a'), '2\n');
  const second = await untilAttempt(daemon, cwd, name, 2, 'ended');
  expect(second.attempts).toMatchObject([
    { how: 'itself', exitCode: 0 },
    { how: 'itself', exitCode: 0 },
  ]);
  expect(await printed(daemon, cwd, name, 2)).toBe('2\n');
  await daemon.cli(['stop', name, '-y'], { cwd });
  await untilStatus(daemon, cwd, name, 'stopped');

  const big = await projectWith(workflow(['[ $RUN_ATTEMPT -ne 1 ] || tail /dev/zero'], '  resources: {memory: 16MB}\n'));
  const other = await startWatch(daemon, big);
  await untilAttempt(daemon, big, other, 1, 'ended');
  await press(daemon, big, other, 'r');
  expect(await untilAttempt(daemon, big, other, 2, 'ended')).toMatchObject({ watch: { exitCode: 0 } });
  await daemon.cli(['stop', other, '-y'], { cwd: big });
  await untilStatus(daemon, big, other, 'stopped');
});

test('what cannot be watched is said at once', async () => {
  const { daemon } = given;
  const cwd = await projectWith('- name: w\n  provider: lab\n- name: t\n  provider: torchrun\n  file: a.py\n  nodes: 2\n', { 'a.py': '' });
  for (const [which, word] of [
    ['w', /'lab' serves an editor/],
    ['t', /2 nodes cannot be watched/],
  ] as const) {
    const { code, stderr } = await daemon.cli(['run', which, '--watch', '-d'], { cwd });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(word);
  }
});

test('in the end nothing is left', async () => {
  await untilNothingIsLeft(given.daemon);
});

/** The tiny image for another user, with nothing but busybox. */
async function userImage(host: string, name: string, user: string): Promise<void> {
  const { body } = await engineRequest(host, 'POST', '/containers/create', {
    body: { Image: tinyImage, Cmd: ['rm', '/bin/bash'], Labels: { 'dstack-test': 'image' } },
  });
  const { Id } = JSON.parse(body) as { Id: string };
  await engineRequest(host, 'POST', `/containers/${Id}/start`);
  await engineRequest(host, 'POST', `/containers/${Id}/wait`);
  const [repo = '', tag = ''] = name.split(':');
  const query = new URLSearchParams({ container: Id, repo, tag, changes: `USER ${user}` });
  await engineRequest(host, 'POST', `/commit?${query.toString()}`, { body: {} });
  await engineRequest(host, 'DELETE', `/containers/${Id}?force=1`);
}
