/** The supervisor in real containers, under the engine's init and with a terminal, in the shells that images have. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { jobScript } from '../../../../daemon/providers/script.ts';
import { watchStartScript } from '../../../../daemon/providers/supervisor-script.ts';
import { preparePipes, readWatchState, tellSupervisor, writeFirst, type WatchState } from '../../../../daemon/control/watch/state.ts';
import { engineRequest } from '../../../support/engine-api.ts';
import { scratchDir } from '../../../support/scratch.ts';
import { tinyImage } from '../../../support/tiny-image.ts';
import { waitFor } from '../../../support/wait-for.ts';

const engine = process.env['DOCKER_HOST'] ?? '';

/** Starts the supervisor; its attempts run `script`. */
async function supervisor(shell: string, user: string, script: string, refresh?: string) {
  const folder = scratchDir('s');
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, 'start'), watchStartScript);
  writeFileSync(join(folder, 'script'), script);
  await preparePipes(folder);
  await writeFirst(folder, 1);
  if (refresh !== undefined) {
    mkdirSync(join(folder, 'new/3'), { recursive: true });
    writeFileSync(join(folder, 'new/3/refresh'), refresh);
  }
  // a shell of this machine, which the image lacks: its libraries are those of the image's bash
  const dash = shell === '/bin/dash' ? ['/bin/dash:/bin/dash:ro'] : [];
  const { body } = await engineRequest(engine, 'POST', '/containers/create', {
    body: {
      ...{ Image: tinyImage, Entrypoint: [shell, '/run/dstack/start'], Cmd: [], User: user, Tty: true, WorkingDir: '/tmp' },
      ...{ Env: ['TINI_KILL_PROCESS_GROUP=1'], HostConfig: { Init: true, Binds: [`${folder}:/run/dstack`, ...dash] } },
    },
  });
  const { Id } = JSON.parse(body) as { Id: string };
  onTestFinished(async () => {
    await engineRequest(engine, 'DELETE', `/containers/${Id}?force=1`, { expected: [404] });
    rmSync(folder, { recursive: true, force: true });
  });
  await engineRequest(engine, 'POST', `/containers/${Id}/start`);
  const until = (done: (state: WatchState) => boolean, what: string) =>
    waitFor(async () => {
      const state = await readWatchState(folder);
      return done(state) ? state : null;
    }, what);
  return {
    id: Id,
    tell: (pipe: 'begin' | 'end', line: string) => tellSupervisor(folder, pipe, line),
    begun: (attempt: number) => until(({ begun }) => begun?.attempt === attempt, `attempt ${attempt} to begin`),
    ended: async (attempt: number) => (await until(({ ended }) => ended?.attempt === attempt, `attempt ${attempt} to end`)).ended,
    until,
    state: () => readWatchState(folder),
    read: (name: string) => readFileSync(join(folder, name), 'utf8'),
    log: async () => {
      const { body: text } = await engineRequest(engine, 'GET', `/containers/${Id}/logs?stdout=1&stderr=1`);
      return text.replaceAll('\r\n', '\n');
    },
    commands: async () => {
      const { body: text } = await engineRequest(engine, 'GET', `/containers/${Id}/top?ps_args=-eo%20pid,args`);
      return (JSON.parse(text) as { Processes: string[][] }).Processes.map((words) => words.slice(1).join(' '));
    },
    stop: () => engineRequest(engine, 'POST', `/containers/${Id}/kill?signal=SIGTERM`),
    wait: async () =>
      (JSON.parse((await engineRequest(engine, 'POST', `/containers/${Id}/wait`)).body) as { StatusCode: number }).StatusCode,
  };
}

const mark = (attempt: number): string => `\x1b]7746;dstack;${attempt}\x07`;
const hasDash = ((): boolean => {
  try {
    return execFileSync('ldd', ['/bin/dash'], { encoding: 'utf8' }).includes('libc.so');
  } catch {
    return false;
  }
})();
const shells = [
  { shell: '/bin/bash', user: '0' },
  { shell: '/bin/sh', user: '1000' },
  ...(hasDash ? [{ shell: '/bin/dash', user: '1000' }] : []),
];

describe.each(shells)('in $shell as user $user', ({ shell, user }) => {
  test('runs attempts one after the other, each once, and tells of them', async () => {
    const one = await supervisor(shell, user, 'echo "this is $RUN_ATTEMPT in $PWD"; cd /; exit $((RUN_ATTEMPT + 3))');
    expect(await one.ended(1)).toMatchObject({ exitCode: 4 });
    for (const line of ['2', '2', '1', 'no number', '']) await one.tell('begin', line);
    expect(await one.ended(2)).toMatchObject({ exitCode: 5 });
    await one.tell('begin', '9');
    expect(await one.ended(9)).toMatchObject({ exitCode: 12 });
    expect(await one.log()).toBe([1, 2, 9].map((n) => `${mark(n)}this is ${n} in /tmp\n`).join(''));
    await one.stop();
    expect(await one.wait()).toBe(143);
  });

  test('ends all that an attempt has started, wherever it went, and nobody else', async () => {
    const script = [
      'if [ $RUN_ATTEMPT = 2 ]; then exit 0; fi',
      "(setsid sh -c 'trap : TERM; while :; do sleep 901; done' &)",
      "trap '' TERM; (sleep 902 &); echo up; while :; do sleep 903; done",
    ].join('\n');
    const one = await supervisor(shell, user, script);
    await waitFor(async () => (await one.commands()).filter((command) => command.startsWith('sleep 90')).length === 3, 'its processes');
    const { body } = await engineRequest(engine, 'POST', `/containers/${one.id}/exec`, { body: { Cmd: ['sleep', '904'] } });
    await engineRequest(engine, 'POST', `/exec/${(JSON.parse(body) as { Id: string }).Id}/start`, { body: { Detach: true } });
    await waitFor(async () => (await one.commands()).includes('sleep 904'), 'the session');
    // of another attempt: not heard
    await one.tell('end', 'kill 7');
    await one.tell('end', 'end 1');
    await one.until(({ ending }) => ending === 1, 'it to be told');
    expect((await one.state()).ended).toBeNull();
    await one.tell('end', 'kill 1');
    expect(await one.ended(1)).toMatchObject({ exitCode: 137 });
    expect((await one.commands()).filter((command) => command.startsWith('sleep'))).toEqual(['sleep 904']);
    expect((await one.state()).stuck).toBeNull();
    expect((await one.log()).replaceAll('Terminated\n', '')).toBe(`${mark(1)}up\n`);
    await one.tell('begin', '2');
    await one.ended(2);
    // too late: nothing of it runs
    await one.tell('end', 'kill 2');
    await one.tell('begin', '3');
    await one.begun(3);
    expect((await one.commands()).filter((command) => command === 'sleep 904')).toHaveLength(1);
  });

  test('who has time to say goodbye says it; what is left when the script is over has none', async () => {
    const script =
      "if [ $RUN_ATTEMPT = 1 ]; then trap 'sleep 0.2; echo goodbye; exit 9' TERM; sleep 905 & wait; fi; (setsid sleep 906 &); echo over";
    const one = await supervisor(shell, user, script);
    await waitFor(async () => (await one.commands()).includes('sleep 905'), 'its process');
    await one.tell('end', 'end 1');
    expect(await one.ended(1)).toMatchObject({ exitCode: 9 });
    await one.tell('begin', '2');
    await one.ended(2);
    expect((await one.commands()).filter((command) => command.startsWith('sleep'))).toEqual([]);
    // a shell may say that its child was told to end
    expect((await one.log()).replaceAll('Terminated\n', '')).toBe(`${mark(1)}goodbye\n${mark(2)}over\n`);
  });

  test('brings the workspace to its files first, or says that it cannot', async () => {
    const one = await supervisor(shell, user, 'cat /tmp/a', 'echo no; exit 3');
    await one.ended(1);
    await one.tell('begin', '3');
    await one.until(({ refused }) => refused === 3, 'it to be refused');
    expect([(await one.state()).begun?.attempt, one.read('refresh.out')]).toEqual([1, 'no\n']);
    await one.tell('begin', '4');
    await one.ended(4);
  });

  test('says nothing of its own when an attempt is ended, however many shells wait for one another', async () => {
    const one = await supervisor(shell, user, jobScript(['echo up', "sh -c 'sleep 908; echo inner'", 'echo never'], [], false));
    await waitFor(async () => (await one.commands()).includes('sleep 908'), 'its process');
    await one.tell('end', 'end 1');
    expect(await one.ended(1)).toMatchObject({ exitCode: 143 });
    expect(await one.log()).toBe(`${mark(1)}up\n`);
  });

  test('one that is told to end when it has only just begun ends, whatever it was about to start', async () => {
    // none is told twice, and none would end by itself
    const one = await supervisor(
      shell,
      user,
      jobScript(['for i in 1 2 3 4 5 6; do sleep 909 & done', "sh -c 'sleep 909; :'; sleep 909"], [], false),
    );
    await one.begun(1);
    for (let attempt = 1; attempt <= 60; attempt++) {
      await one.tell('end', `end ${attempt}`);
      expect((await one.ended(attempt))?.exitCode).toBe(143);
      await one.tell('begin', String(attempt + 1));
      while (one.read('begun') !== `${attempt + 1}\n`);
      // each a little later than the one before
      for (const until = performance.now() + attempt / 4; performance.now() < until;);
    }
  });

  test('its container is stopped: who was told to end has time for that, though the shell has none to wait for', async () => {
    const child = 'trap "sleep 0.3; echo goodbye; exit 0" TERM; while :; do sleep 0.1; done';
    const one = await supervisor(shell, user, jobScript([`sh -c '${child}; :'`, 'echo never'], [], false));
    await waitFor(async () => (await one.commands()).some((command) => command.includes('goodbye')), 'its process');
    await one.stop();
    expect(await one.wait()).toBe(143);
    expect((await one.log()).replaceAll('Terminated\n', '')).toBe(`${mark(1)}goodbye\n`);
  });

  test('begins no attempt whose files are to be brought first, and are not to be seen', async () => {
    const one = await supervisor(shell, user, 'echo "$RUN_ATTEMPT"');
    await one.ended(1);
    await one.tell('begin', '2 refresh');
    await one.until(({ refused }) => refused === 2, 'it to be refused');
    await one.tell('begin', '3');
    await one.ended(3);
    expect(await one.log()).toBe(`${mark(1)}1\n${mark(3)}3\n`);
  });

  test('its container is stopped while an attempt runs: both end, and it says so', async () => {
    const one = await supervisor(shell, user, "trap 'exit 5' TERM; sleep 907 & wait");
    await waitFor(async () => (await one.commands()).includes('sleep 907'), 'its process');
    await one.stop();
    expect(await one.wait()).toBe(143);
    expect((await one.state()).ended).toMatchObject({ attempt: 1, exitCode: 5, stopped: true });
  });
});
