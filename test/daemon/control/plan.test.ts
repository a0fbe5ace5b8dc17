import { describe, expect, test } from 'vitest';
import { plan, type Seen, type StepName, type Wanted } from '../../../daemon/control/plan.ts';
import type { Container } from '../../../daemon/engine/engine.ts';
import { freshProgress, type Intent, type JobRecord, type Progress } from '../../../daemon/store/records.ts';
import type { JobState } from '../../../shared/states.ts';

const now = 1_000_000;

const states = {
  queued: { status: 'queued', since: 0 },
  preparing: { status: 'preparing', since: 0, host: 'local', gpus: [] },
  running: { status: 'running', since: 0, startedAt: now - 5000, host: 'local', gpus: [] },
  stopping: { status: 'stopping', since: 0, startedAt: now - 5000, host: 'local', gpus: [], how: 'stop' },
  done: { status: 'done', since: 0, startedAt: 0, finishedAt: 1, host: 'local', gpus: [], exitCode: 0 },
} satisfies Record<string, JobState>;

const container = (state: Container['state']): Container => ({
  id: 'c',
  name: 'n',
  labels: {},
  image: 'i',
  imageId: 'i',
  state,
  ports: [],
});
const created = container({ status: 'created' });
const running = container({ status: 'running', startedAt: now - 5000, pid: 1 });
const exited = container({ status: 'exited', startedAt: 1, finishedAt: 2, exitCode: 0, outOfMemory: false, error: '' });

const stopIntent: Intent = { how: 'stop', at: now, reason: null };
const end: Progress['end'] = {
  startedAt: 1,
  finishedAt: 2,
  exitCode: 0,
  outOfMemory: false,
  byItself: true,
  epochChanged: false,
  problem: null,
};

interface Case {
  state: JobState;
  attempt?: number;
  progress?: Partial<Progress>;
  seen?: Partial<Seen>;
  wanted?: Partial<Wanted>;
  job?: number;
}

function decide({ state, attempt = 1, progress, seen, wanted, job: index = 0 }: Case) {
  const job: JobRecord = { runId: 1, job: index, attempt, state, progress: { ...freshProgress(), ...progress }, open: true };
  return plan(
    job,
    { intent: null, gracePeriod: 10, maxDuration: null, warningPeriod: 60, ...wanted },
    {
      now,
      container: null,
      imageReady: true,
      workspaceReady: true,
      gpusClaimed: true,
      gpusConfirmed: true,
      recording: true,
      recordingEndedAt: null,
      startSettled: true,
      left: { started: false, exitCode: null },
      ranFor: 5000,
      terminatedFor: 0,
      killedFor: 0,
      ...seen,
    },
  );
}

const expectStep = (given: Case, step: StepName): void => expect(decide(given)).toEqual({ do: step });
const expectWait = (given: Case, until: number | null): void => expect(decide(given)).toEqual({ do: 'wait', until });

describe('while it waits in the queue', () => {
  test('nothing is done', () => expectWait({ state: states.queued }, null));
  test('a stop ends it at once', () => expectStep({ state: states.queued, wanted: { intent: stopIntent } }, 'finish'));
  test('what earlier attempts saved is handed over before', () => {
    const again = { state: states.queued, attempt: 2, wanted: { intent: stopIntent } };
    expectStep(again, 'settleArtifacts');
    expectStep({ ...again, progress: { settled: true } }, 'finish');
    expectStep({ ...again, state: states.preparing }, 'settleArtifacts');
  });
});

describe('while it is prepared', () => {
  const { preparing: state } = states;
  test('the image comes first', () => expectStep({ state, seen: { imageReady: false, workspaceReady: false } }, 'pullImage'));
  test('then the workspace', () => expectStep({ state, seen: { workspaceReady: false } }, 'prepareWorkspace'));
  test('then its environment, before it has any GPU', () =>
    expectStep({ state, seen: { environmentReady: false, gpusClaimed: false } }, 'buildEnvironment'));
  test('a container that is made already needs no environment', () =>
    expectStep({ state, seen: { container: created, environmentReady: false } }, 'startContainer'));
  test('then its GPUs are claimed', () => expectStep({ state, seen: { gpusClaimed: false, gpusConfirmed: false } }, 'claimGpus'));
  test('then the container', () => expectStep({ state, seen: { gpusConfirmed: false } }, 'createContainer'));
  test('of which is made sure that it has them for itself', () =>
    expectStep({ state, seen: { container: created, gpusClaimed: false, gpusConfirmed: false } }, 'confirmGpus'));
  test('which is started', () => expectStep({ state, seen: { container: created } }, 'startContainer'));
  test('after a restart its workspace is made sure of again before the start', () =>
    expectStep({ state, seen: { container: created, workspaceReady: false } }, 'prepareWorkspace'));
  test('a running container is taken note of', () => expectStep({ state, seen: { container: running } }, 'noteRunning'));
  test('one that is over already is read', () => expectStep({ state, seen: { container: exited } }, 'readEnd'));
  test('an earlier request to start may still be under way: it is waited for', () =>
    expectWait({ state, progress: { startIntent: 1 }, seen: { container: created, startSettled: false } }, now + 250));
  test('a container that may have run and is gone is not run again', () =>
    expectStep({ state, progress: { startIntent: 1 }, seen: { left: { started: true, exitCode: null } } }, 'readEnd'));
  test('nor one that cannot tell whether it ran', () =>
    expectStep({ state, progress: { startIntent: 1 }, seen: { left: { started: null, exitCode: null } } }, 'readEnd'));
  test('one whose script never began is made again', () => expectStep({ state, progress: { startIntent: 1 } }, 'createContainer'));
  test('a stop needs no container', () => expectStep({ state, wanted: { intent: stopIntent } }, 'finish'));
  test('nor does making room', () => expectStep({ state, progress: { preempted: { for: 'x', at: 1 } } }, 'finish'));
});

describe('while it runs', () => {
  const { running: state } = states;
  test('nothing is done', () => expectWait({ state, seen: { container: running } }, null));
  test('its output is taken up after a restart', () => expectStep({ state, seen: { container: running, recording: false } }, 'followLog'));
  test('where its output broke off, it is given a moment to end', () =>
    expectWait({ state, seen: { container: running, recordingEndedAt: now - 100 } }, now + 900));
  test('and then taken up again', () => expectStep({ state, seen: { container: running, recordingEndedAt: now - 1000 } }, 'followLog'));
  const ran = (seconds: number, warnedAt: number | null = null): Case => ({
    state,
    progress: { warnedAt },
    seen: { container: running, ranFor: seconds * 1000 },
    wanted: { maxDuration: 300 },
  });
  test('its max_duration is not yet near', () => expectWait(ran(5), now + 235_000));
  test('it is warned before that', () => expectStep(ran(240), 'warn'));
  test('once', () => expectWait(ran(250, 1), now + 50_000));
  test('and stopped at it', () => expectStep(ran(300, 1), 'expire'));
  test('the time that its environment took to build counts, too', () => {
    const built = (seconds: number, more: Partial<Seen>): Case => ({
      state,
      seen: { builtFor: seconds * 1000, ...more },
      wanted: { maxDuration: 300 },
    });
    const running5 = { container: running, ranFor: 5000 };
    expectWait(built(100, running5), now + 135_000);
    expectStep(built(235, running5), 'warn');
    expectStep(built(295, running5), 'expire');
    const preparing = (given: Case): Case => ({ ...given, state: states.preparing });
    expectStep(preparing(built(299, { environmentReady: false })), 'buildEnvironment');
    expectStep(preparing(built(300, { environmentReady: false })), 'expire');
    expectStep(preparing(built(300, { container: created })), 'expire');
    const intent: Intent = { ...stopIntent, reason: 'max_duration' };
    expectStep({ ...preparing(built(300, { environmentReady: false })), wanted: { maxDuration: 300, intent } }, 'finish');
  });
  test('a short one is warned half way', () =>
    expectWait({ state, seen: { container: running, ranFor: 1000 }, wanted: { maxDuration: 60 } }, now + 29_000));
  test('the clock on the wall does not count', () =>
    expectWait({ ...ran(5), seen: { container: running, ranFor: 5000, now: now + 86_400_000 } }, now + 86_400_000 + 235_000));
  const preempted = { for: 'red-fox-1', at: now };
  test('that it shall make room is noted', () =>
    expectStep({ state, seen: { container: running }, progress: { preempted } }, 'noteStopping'));
  test('a stop is noted', () => expectStep({ state, seen: { container: running }, wanted: { intent: stopIntent } }, 'noteStopping'));
  test('its end is read', () => expectStep({ state, seen: { container: exited } }, 'readEnd'));
  test('a container that vanished, too', () => expectStep({ state }, 'readEnd'));
});

describe('while it stops', () => {
  const { stopping: state } = states;
  const seen = { container: running };
  const wanted = { intent: stopIntent };
  test('it is told once', () => expectStep({ state, seen, wanted }, 'terminate'));
  const told = (terminatedFor: number): Case => ({ state, seen: { ...seen, terminatedFor }, wanted, progress: { terminatedAt: 1 } });
  test('given its grace', () => expectWait(told(1000), now + 9000));
  test('and then killed', () => expectStep(told(10_000), 'kill'));
  test('again when that did not help', () => {
    const progress = { terminatedAt: 1, killedAt: 2 };
    expectStep({ state, seen: { ...seen, killedFor: 5000 }, wanted, progress }, 'kill');
    expectWait({ state, seen: { ...seen, killedFor: 1000 }, wanted, progress }, now + 4000);
  });
  const preempted = { for: 'red-fox-1', at: 1 };
  test('to make room it is told the same way', () => expectStep({ state, seen, progress: { preempted } }, 'terminate'));
  test('and given the same grace', () =>
    expectWait({ state, seen: { ...seen, terminatedFor: 4000 }, progress: { preempted, terminatedAt: 1 } }, now + 6000));
  test('an abort kills at once', () => expectStep({ state, seen, wanted: { intent: { ...stopIntent, how: 'abort' } } }, 'kill'));
});

describe('after its end', () => {
  const { running: state } = states;
  const seen = { container: exited };
  test('the log comes first', () => expectStep({ state, seen, progress: { end } }, 'collectLog'));
  test('then the artifacts', () => expectStep({ state, seen, progress: { end, log: 'complete' } }, 'settleArtifacts'));
  test('then its state', () => expectStep({ state, seen, progress: { end, log: 'complete', settled: true } }, 'finish'));
  test('only then the container goes', () => expectStep({ state: states.done, seen }, 'removeContainer'));
  test('and with it the rest', () => expectStep({ state: states.done }, 'discard'));
});

describe('one of several nodes', () => {
  const alone = { over: false, takenBack: false, ready: true, master: 'runs', ended: true, closed: true, startedAt: null } as const;
  const among = (gang: Partial<NonNullable<Wanted['gang']>>, more: Partial<Case> = {}, job = 1): Case => ({
    state: states.preparing,
    ...more,
    progress: { ready: 1, ...more.progress },
    wanted: { ...more.wanted, gang: { ...alone, ...gang } },
    job,
  });
  const created = { seen: { container: container({ status: 'created' }) } };
  test('says that it could begin', () => expectStep(among({}, { progress: { ready: null } }), 'noteReady'));
  test('waits until all could', () => {
    expectWait(among({ ready: false }, {}, 0), null);
    expectWait(among({ ready: false, master: 'not yet' }, created, 0), null);
  });
  test('then the master is made and started', () => {
    expectStep(among({ master: 'not yet' }, {}, 0), 'createContainer');
    expectStep(among({ master: 'not yet' }, created, 0), 'startContainer');
  });
  test('the others are made when it runs, or is done', () => {
    expectWait(among({ master: 'not yet' }), null);
    expectStep(among({}), 'createContainer');
    expectStep(among({ master: 'over' }), 'createContainer');
  });
  test('it goes back to the queue with another, unless the run is to end', () => {
    const { preempted } = { preempted: { for: 'red-fox-1', at: 1 } };
    expectStep(among({ takenBack: true }, { progress: { preempted } }), 'takeBack');
    expectStep(among({ takenBack: true }, { wanted: { intent: stopIntent } }), 'giveUp');
  });
  test('where another has failed it never begins, or ends', () => {
    expectStep(among({ over: true }), 'giveUp');
    expectStep(among({ over: true }, { state: states.queued }), 'giveUp');
    expectStep(among({ over: true }, { state: states.running, seen: { container: running } }), 'noteStopping');
    expectStep(among({ over: true }, { state: states.stopping, seen: { container: running } }), 'terminate');
    expectStep(
      among({ over: true }, { state: states.stopping, seen: { container: running, terminatedFor: 10_000 }, progress: { terminatedAt: 1 } }),
      'kill',
    );
  });
  test('its log is its own; what is kept and its state wait for the others', () => {
    const over = (progress: Partial<Progress>): Partial<Case> => ({
      state: states.running,
      seen: { container: exited },
      progress: { end, ...progress },
    });
    expectStep(among({ ended: false }, over({})), 'collectLog');
    expectWait(among({ ended: false, closed: false }, over({ log: 'complete' })), null);
    expectStep(among({ closed: false }, over({ log: 'complete' })), 'settleArtifacts');
    expectWait(among({ closed: false }, over({ log: 'complete', settled: true })), null);
    expectStep(among({}, over({ log: 'complete', settled: true })), 'finish');
    expectStep(among({ over: true }, { ...over({ log: 'complete', settled: true }), state: states.queued }), 'finish');
  });
});
