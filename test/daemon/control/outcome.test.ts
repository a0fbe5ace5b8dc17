import { describe, expect, test } from 'vitest';
import { outcomeOf, triesAgain } from '../../../daemon/control/outcome.ts';
import { freshProgress, type End, type Intent, type Progress } from '../../../daemon/store/records.ts';

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
  test('an abort', () => expect(judge({ exitCode: 137 }, { ...stop, how: 'abort' }, { killedAt: 1 }).status).toBe('aborted'));
  test('max_duration is a failure', () =>
    expect(judge({ exitCode: 143 }, { ...stop, reason: 'max_duration' }, { terminatedAt: 1 })).toMatchObject({ code: 'max_duration' }));
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

describe('another attempt', () => {
  test('after a restart of the host, for interruptible and retry runs', () => {
    expect(triesAgain('host_restarted', 1, 0, false)).toBe(false);
    expect(triesAgain('host_restarted', 9, 0, true)).toBe(true);
    expect(triesAgain('host_restarted', 1, 1, false)).toBe(true);
  });
  test('after a failure, as often as retry says', () => {
    expect(triesAgain('exit_code', 1, 0, true)).toBe(false);
    expect(triesAgain('exit_code', 1, 1, false)).toBe(true);
    expect(triesAgain('exit_code', 2, 1, false)).toBe(false);
  });
  test('never for what would fail the same way', () => expect(triesAgain('image', 1, 5, true)).toBe(false));
});
