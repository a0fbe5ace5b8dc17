import { describe, expect, test } from 'vitest';
import { outcomeOf, triesAgain, verdict } from '../../../daemon/control/outcome.ts';
import { freshProgress, type End, type Intent, type JobRecord, type Progress, type RunRecord } from '../../../daemon/store/records.ts';

const end: End = { startedAt: 1, finishedAt: 2, exitCode: 0, outOfMemory: false, byItself: true, epochChanged: false, problem: null };
const stop: Intent = { how: 'stop', at: 1, reason: null };
const judge = (over: Partial<End>, intent: Intent | null = null, progress: Partial<Progress> = {}) =>
  outcomeOf({ ...end, ...over }, intent, { ...freshProgress(), ...progress }, '64 MB');

describe('how an attempt is judged', () => {
  test('exit code 0 is done', () => expect(judge({}).status).toBe('done'));
  test('another one failed, with the code', () =>
    expect(judge({ exitCode: 3 })).toMatchObject({ status: 'failed', code: 'exit_code', reason: 'exit code 3' }));
  test('out of memory names the limit', () =>
    expect(judge({ exitCode: 137, outOfMemory: true })).toMatchObject({ code: 'out_of_memory', reason: expect.stringContaining('64 MB') }));
  test('a child killed for memory that the script got over is no failure', () => expect(judge({ outOfMemory: true }).status).toBe('done'));
  test('after our signal, exit code 0 counts as stopped', () => expect(judge({}, stop, { terminatedAt: 1 }).status).toBe('stopped'));
  test('a job that was quicker than the signal is done', () => expect(judge({}, stop).status).toBe('done'));
  test('a job that had written its end before the signal was sent is done, whoever wanted it to end', () => {
    for (const how of ['stop', 'abort'] as const) {
      const signalled = how === 'stop' ? { terminatedAt: 1_000 } : { killedAt: 1_000 };
      expect(judge({ exitAt: 900 }, { ...stop, how }, signalled).status).toBe('done');
      // as near as that a file's time says nothing
      expect(judge({ exitAt: 990 }, { ...stop, how }, signalled).status).not.toBe('done');
      expect(judge({ exitAt: 900, exitCode: 1 }, { ...stop, how }, signalled).status).not.toBe('done');
    }
    expect(judge({ exitAt: 900 }, null, { preempted, terminatedAt: 1_000 }).status).toBe('done');
  });
  test('an end that seems to be long before the signal was dated by a clock that was set: it counts as stopped', () =>
    expect(judge({ exitAt: 1_000 }, stop, { terminatedAt: 3_600_000 }).status).toBe('stopped'));
  test('an abort', () => expect(judge({ exitCode: 137 }, { ...stop, how: 'abort' }, { killedAt: 1 }).status).toBe('aborted'));
  test('max_duration is a failure', () =>
    expect(judge({ exitCode: 143 }, { ...stop, reason: 'max_duration' }, { terminatedAt: 1 })).toMatchObject({ code: 'max_duration' }));
  test('so it is where building its environment took part of it, or all', () => {
    const limit: Intent = { ...stop, reason: 'max_duration' };
    expect(judge({ exitCode: 143 }, limit, { terminatedAt: 1, builtFor: 12_000 })).toMatchObject({
      reason: 'ran longer than its max_duration, with the 12s of building its environment',
    });
    const progress = { ...freshProgress(), builtFor: 12_000 };
    const state: JobRecord['state'] = { status: 'preparing', since: 0, host: 'local', gpus: [] };
    const job: JobRecord = { runId: 1, job: 0, attempt: 1, state, progress, open: true };
    const run = { intent: limit, spec: { jobs: [{ memory: null }], retry: 1, interruptible: true } } as unknown as RunRecord;
    expect(verdict(run, job, [], 10)).toEqual({
      outcome: { status: 'failed', code: 'max_duration', reason: 'its environment took longer to build than its max_duration' },
      again: null,
      pause: 0,
    });
  });
  test('idle_timeout is one too, and says what was idle', () => {
    const intent: Intent = { ...stop, reason: 'idle_timeout', detail: 'left its GPU idle for 30m (idle_timeout)' };
    expect(judge({ exitCode: 143 }, intent, { terminatedAt: 1 })).toEqual({ status: 'failed', code: 'idle', reason: intent.detail });
    expect(triesAgain('idle', 1, 5, true)).toBeNull();
  });
  test('inactivity is none: it was stopped, whatever its exit code', () => {
    const intent: Intent = { ...stop, reason: 'inactivity', detail: 'nobody used it for 30m (inactivity_duration)' };
    for (const exitCode of [0, 1, 137, 143]) expect(judge({ exitCode }, intent, { terminatedAt: 1 })).toEqual({ status: 'stopped' });
    expect(judge({ exitCode: 1 }, intent).status).toBe('failed');
  });
  test.each([0, 137, 143])('a restarted engine leaves %i', (exitCode) =>
    expect(judge({ exitCode, byItself: exitCode === 143, epochChanged: true })).toMatchObject({ code: 'host_restarted' }),
  );
  test('but a script that came to its end before the restart did', () => {
    expect(judge({ epochChanged: true }).status).toBe('done');
    expect(judge({ epochChanged: true, exitCode: 2 })).toMatchObject({ code: 'exit_code' });
  });
  test('killed by somebody else', () => expect(judge({ exitCode: 137, byItself: false })).toMatchObject({ code: 'killed' }));
  test('a problem wins', () =>
    expect(judge({ problem: { code: 'image', message: 'no such image' } })).toMatchObject({
      status: 'failed',
      code: 'image',
      reason: 'no such image',
    }));
});

const preempted = { for: 'red-fox-1', at: 1 };

describe('making room', () => {
  test('after our signal, any exit code is that', () => {
    for (const exitCode of [0, 1, 137, 143])
      expect(judge({ exitCode }, null, { preempted, terminatedAt: 1 })).toEqual({ status: 'preempted', reason: 'made room for red-fox-1' });
  });
  test('a job that was quicker is done', () => expect(judge({}, null, { preempted }).status).toBe('done'));
  test("a user's stop counts more", () => expect(judge({ exitCode: 143 }, stop, { preempted, terminatedAt: 1 }).status).toBe('stopped'));
});

describe('another attempt', () => {
  test('after a restart of the host, for interruptible and retry runs', () => {
    expect(triesAgain('host_restarted', 1, 0, false)).toBe(null);
    expect(triesAgain('host_restarted', 9, 0, true)).toBe('host');
    expect(triesAgain('host_restarted', 1, 1, false)).toBe('failed');
  });
  test('after a failure, as often as retry says', () => {
    expect(triesAgain('exit_code', 1, 0, true)).toBe(null);
    expect(triesAgain('exit_code', 1, 1, false)).toBe('failed');
    expect(triesAgain('exit_code', 2, 1, false)).toBe(null);
  });
  test('on another host, while there is one, after the wrong GPUs; retry does not count', () => {
    expect(triesAgain('gpus', 1, 5, true)).toBe(null);
    expect(triesAgain('gpus', 9, 0, false, true)).toBe('host');
  });
  test('never for what would fail the same way', () => expect(triesAgain('image', 1, 5, true)).toBe(null));
});

describe('the verdict', () => {
  const run = { intent: null, spec: { jobs: [{ memory: null }], retry: 20, interruptible: true } } as unknown as RunRecord;
  const attempt = (number: number, state: JobRecord['state'], progress: Partial<Progress> = {}): JobRecord => ({
    runId: 1,
    job: 0,
    attempt: number,
    state,
    progress: { ...freshProgress(), ...progress },
    open: true,
  });
  const running: JobRecord['state'] = { status: 'running', since: 0, startedAt: 1, host: 'local', gpus: [] };
  const interrupted = (cause: 'failed' | 'host' | 'preempted'): JobRecord['state'] => ({
    status: 'interrupted',
    since: 0,
    reason: '',
    cause,
    host: 'local',
    gpus: [],
  });
  const failing = attempt(9, running, { end: { ...end, exitCode: 1 } });
  const pauseAfter = (...causes: ('failed' | 'host' | 'preempted')[]): number =>
    verdict(
      run,
      failing,
      causes.map((cause, i) => attempt(i + 1, interrupted(cause))),
      10,
    ).pause;
  test('the pause before a retry doubles, up to ten minutes', () => {
    expect([0, 1, 2, 3, 5, 6, 9].map((n) => pauseAfter(...Array<'failed'>(n).fill('failed')))).toEqual([10, 20, 40, 80, 320, 600, 600]);
  });
  test('only failures count', () => {
    expect(pauseAfter('preempted', 'host', 'preempted')).toBe(10);
    const few = { ...run, spec: { ...run.spec, retry: 1 } };
    expect(verdict(few, failing, [attempt(1, interrupted('preempted')), attempt(2, interrupted('host'))], 10).again).toBe('failed');
    expect(verdict(few, failing, [attempt(1, interrupted('failed'))], 10).again).toBe(null);
  });
  test('who was given the wrong GPUs tries others while there are any, whatever retry says', () => {
    const here = attempt(1, running, { end: { ...end, problem: { code: 'gpus', message: 'm' } } });
    expect(verdict(run, here, [], 10, false).again).toBe(null);
    expect(verdict({ ...run, spec: { ...run.spec, retry: 0 } }, here, [], 10, true)).toMatchObject({ again: 'host', pause: 0 });
  });
  test('who makes room comes back at once, started or not', () => {
    expect(verdict(run, attempt(1, running, { preempted }), [], 10)).toMatchObject({ again: 'preempted', pause: 0 });
    const ended = attempt(1, running, { preempted, terminatedAt: 1, end: { ...end, exitCode: 143 } });
    expect(verdict(run, ended, [], 10)).toMatchObject({ again: 'preempted', pause: 0 });
  });
});
