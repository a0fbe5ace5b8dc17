import { describe, expect, test } from 'vitest';
import { planWatch, type WatchSeen } from '../../../../daemon/control/watch/plan-watch.ts';
import { nothingYet, type WatchState } from '../../../../daemon/control/watch/state.ts';
import type { RerunRecord } from '../../../../daemon/store/records.ts';

const rerun = (number: number, more: Partial<RerunRecord> = {}): RerunRecord => ({
  ...{ runId: 1, number, tree: 't', cause: 'change', changed: [], changes: 0, seenAt: 1, askedAt: 1, givenAt: null, startedAt: null },
  ...{ stopAskedAt: null, endedAt: null, how: null, exitCode: null, fresh: null, spec: null, ...more },
});
const given = (number: number, more: Partial<RerunRecord> = {}): RerunRecord => rerun(number, { givenAt: 1, ...more });
const nobodyTold = { begin: null, end: null, kill: null };
const planOf = (reruns: RerunRecord[], state: Partial<WatchState> | null, told: Partial<WatchSeen['told']> = {}) =>
  planWatch({ reruns, state: state && { ...nothingYet, up: true, ...state }, told: { ...nobodyTold, ...told }, grace: 500 });

const begun = { begun: { attempt: 3, at: 5 } };
const ended = { ...begun, ended: { attempt: 3, at: 9, exitCode: 1 } };
const runs = given(3, { startedAt: 5 });
const over = given(3, { startedAt: 5, endedAt: 9, exitCode: 1, how: 'itself' });

describe('what is done next in the container of a watch', () => {
  test('what the supervisor says is written down, and then it waits', () => {
    expect(planOf([given(3), over], begun)).toEqual({ do: 'noteRerun' });
    expect(planOf([runs], begun)).toEqual({ do: 'wait', ms: null });
    expect(planOf([runs], ended)).toEqual({ do: 'noteRerun' });
    expect(planOf([over], ended)).toEqual({ do: 'wait', ms: null });
  });
  test('one that it was told to begin, and has not, it is told again', () => {
    expect(planOf([given(3)], {})).toEqual({ do: 'beginRerun' });
    expect(planOf([given(3)], {}, { begin: 400 })).toEqual({ do: 'wait', ms: 600 });
    expect(planOf([given(3)], {}, { begin: 1000 })).toEqual({ do: 'beginRerun' });
    // the next one waits until that is clear
    expect(planOf([rerun(4), given(3)], {}, { begin: 400 })).toEqual({ do: 'wait', ms: 600 });
  });
  test('a supervisor that has only just been started is left alone', () => {
    expect(planOf([given(3)], { up: false })).toEqual({ do: 'wait', ms: null });
    expect(planOf([rerun(4), given(3)], { up: false })).toEqual({ do: 'wait', ms: null });
    expect(planOf([given(3)], { up: false, ...begun })).toEqual({ do: 'noteRerun' });
  });
  test('one that runs is ended for the next, by force after the grace period', () => {
    const both = [rerun(4), runs];
    expect(planOf(both, begun)).toEqual({ do: 'endRerun' });
    expect(planOf(both, begun, { end: 200 })).toEqual({ do: 'wait', ms: 300 });
    expect(planOf(both, begun, { end: 500 })).toEqual({ do: 'killRerun' });
    expect(planOf(both, begun, { end: 700, kill: 100 })).toEqual({ do: 'wait', ms: 9_900 });
    expect(planOf(both, begun, { end: 99_999, kill: 10_000 })).toMatchObject({ do: 'retire' });
    // before anybody has written down that it began: that it did is seen
    expect(planOf([rerun(4), given(3)], begun)).toEqual({ do: 'endRerun' });
    expect(planOf([rerun(4), given(3)], begun, { end: 1 })).toEqual({ do: 'noteRerun' });
    // the moment that it is gone the next one begins; that it is gone is written down with it
    expect(planOf(both, ended, { end: 200 })).toEqual({ do: 'beginRerun' });
  });
  test('one that somebody stops is ended, and nothing follows', () => {
    const stopped = given(3, { startedAt: 5, stopAskedAt: 7 });
    expect(planOf([stopped], begun)).toEqual({ do: 'endRerun' });
    expect(planOf([stopped], ended)).toEqual({ do: 'noteRerun' });
  });
  test('a fresh container: what is wanted needs one, or this one cannot take another attempt', () => {
    expect(planOf([rerun(4, { fresh: 'requirements.txt changed' }), over], ended)).toEqual({
      do: 'retire',
      why: 'requirements.txt changed',
    });
    // that the last one is over is said first: this takes its time
    expect(planOf([rerun(4, { fresh: 'requirements.txt changed' }), runs], ended)).toEqual({ do: 'noteRerun' });
    // gracefully: what runs is ended first
    expect(planOf([rerun(4, { fresh: 'requirements.txt changed' }), runs], begun)).toEqual({ do: 'endRerun' });
    expect(planOf([given(3)], { refused: 3 })).toMatchObject({ do: 'retire' });
    expect(planOf([given(3)], { refused: 2 })).toEqual({ do: 'beginRerun' });
    expect(planOf([over], { ...ended, stuck: 3 })).toMatchObject({ do: 'retire' });
  });
  test('without a supervisor the container is the attempt', () => {
    expect(planOf([runs], null)).toEqual({ do: 'wait', ms: null });
    expect(planOf([rerun(4), runs], null)).toEqual({ do: 'retire', why: 'the files changed' });
    expect(planOf([given(3, { stopAskedAt: 7 })], null)).toMatchObject({ do: 'retire' });
  });
});
