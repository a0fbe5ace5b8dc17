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
  progress?: Partial<Progress>;
  seen?: Partial<Seen>;
  wanted?: Partial<Wanted>;
}

function decide({ state, progress, seen, wanted }: Case) {
  const job: JobRecord = { runId: 1, job: 0, attempt: 1, state, progress: { ...freshProgress(), ...progress }, open: true };
  return plan(
    job,
    { intent: null, gracePeriod: 10, maxDuration: null, ...wanted },
    {
      now,
      container: null,
      imageReady: true,
      workspaceReady: true,
      recording: true,
      recordingEndedAt: null,
      startSettled: true,
      left: { started: false, exitCode: null },
      ...seen,
    },
  );
}

const expectStep = (given: Case, step: StepName): void => expect(decide(given)).toEqual({ do: step });
const expectWait = (given: Case, until: number | null): void => expect(decide(given)).toEqual({ do: 'wait', until });

describe('while it waits in the queue', () => {
  test('nothing is done', () => expectWait({ state: states.queued }, null));
  test('a stop ends it at once', () => expectStep({ state: states.queued, wanted: { intent: stopIntent } }, 'finish'));
});

describe('while it is prepared', () => {
  const { preparing: state } = states;
  test('the image comes first', () => expectStep({ state, seen: { imageReady: false, workspaceReady: false } }, 'pullImage'));
  test('then the workspace', () => expectStep({ state, seen: { workspaceReady: false } }, 'prepareWorkspace'));
  test('then the container', () => expectStep({ state }, 'createContainer'));
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
});

describe('while it runs', () => {
  const { running: state } = states;
  test('nothing is done', () => expectWait({ state, seen: { container: running } }, null));
  test('its output is taken up after a restart', () => expectStep({ state, seen: { container: running, recording: false } }, 'followLog'));
  test('where its output broke off, it is given a moment to end', () =>
    expectWait({ state, seen: { container: running, recordingEndedAt: now - 100 } }, now + 900));
  test('and then taken up again', () => expectStep({ state, seen: { container: running, recordingEndedAt: now - 1000 } }, 'followLog'));
  test('its max_duration is waited for', () =>
    expectWait({ state, seen: { container: running }, wanted: { maxDuration: 60 } }, now - 5000 + 60_000));
  test('and ends it', () => expectStep({ state, seen: { container: running }, wanted: { maxDuration: 5 } }, 'expire'));
  test('a stop is noted', () => expectStep({ state, seen: { container: running }, wanted: { intent: stopIntent } }, 'noteStopping'));
  test('its end is read', () => expectStep({ state, seen: { container: exited } }, 'readEnd'));
  test('a container that vanished, too', () => expectStep({ state }, 'readEnd'));
});

describe('while it stops', () => {
  const { stopping: state } = states;
  const seen = { container: running };
  const wanted = { intent: stopIntent };
  test('it is told once', () => expectStep({ state, seen, wanted }, 'terminate'));
  test('given its grace', () => expectWait({ state, seen, wanted, progress: { terminatedAt: now - 1000 } }, now + 9000));
  test('and then killed', () => expectStep({ state, seen, wanted, progress: { terminatedAt: now - 10_000 } }, 'kill'));
  test('again when that did not help', () =>
    expectStep({ state, seen, wanted, progress: { terminatedAt: 1, killedAt: now - 5000 } }, 'kill'));
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
