/** Several nodes of one run: in whatever order their drivers come to it, and whoever fails, is killed or told to end, they begin and end together. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { culpritOf } from '../../../../daemon/control/gangs/gang.ts';
import { gangVerdict, nodeState } from '../../../../daemon/control/gangs/gang-verdict.ts';
import { decisiveJob } from '../../../../daemon/control/run-status.ts';
import { isEnded } from '../../../../shared/states.ts';
import { freshProgress, type End, type Intent, type JobRecord, type Progress, type RunRecord } from '../../../../daemon/store/records.ts';
import { GangModel } from './gang-model.ts';

const run = {
  intent: null,
  spec: { jobs: [{ memory: null }, { memory: 64_000_000 }, { memory: null }], retry: 0, interruptible: false },
} as unknown as RunRecord;
const stop: Intent = { how: 'stop', at: 1, reason: null };
const running: JobRecord['state'] = { status: 'running', since: 0, startedAt: 1, host: 'local', gpus: [] };
const plain: End = { startedAt: 1, finishedAt: 2, exitCode: 0, outOfMemory: false, byItself: true, epochChanged: false, problem: null };

const node = (job: number, end: Partial<End> | null, progress: Partial<Progress> = {}): JobRecord => ({
  runId: 1,
  job,
  attempt: 1,
  state: running,
  progress: { ...freshProgress(), end: end && { ...plain, ...end }, ...progress },
  open: true,
});
const states = (of: RunRecord, nodes: JobRecord[]) => {
  const verdict = gangVerdict(of, nodes, [], 10, false);
  return nodes.map((one) => ({ ...one, state: nodeState(of, one, verdict, 9) }));
};
const told = { terminatedAt: 5 };

describe('who is to blame', () => {
  test('nobody, while all go on or are done', () => {
    expect(culpritOf(run, [node(0, null), node(1, {}), node(2, null)])).toBeNull();
  });
  test('the first that failed, not those that died of it or were ended for it', () => {
    const nodes = [
      node(0, { exitCode: 1, finishedAt: 3 }),
      node(1, { exitCode: 137, finishedAt: 2, byItself: false }),
      node(2, { exitCode: 0, finishedAt: 1 }, { ...told, endedFor: 1 }),
    ];
    expect(culpritOf(run, nodes)?.node.job).toBe(1);
    expect(states(run, nodes).map(({ state }) => state)).toMatchObject([
      { status: 'failed', reasonCode: 'node', reason: expect.stringMatching(/^exit code 1; ended with node 1: was killed with SIGKILL/) },
      { status: 'failed', reasonCode: 'killed', exitCode: 137 },
      { status: 'failed', reasonCode: 'node', exitCode: 0 },
    ]);
    expect(decisiveJob(states(run, nodes)).job).toBe(1);
  });
  test('its own limit of memory is named', () => {
    const nodes = [node(0, {}), node(1, { exitCode: 137, outOfMemory: true })];
    expect(culpritOf(run, nodes)?.outcome).toMatchObject({ reason: expect.stringContaining('64 MB') });
    expect(states({ ...run, spec: { ...run.spec, retry: 1 } }, nodes)[0]?.state).toMatchObject({
      status: 'interrupted',
      reason: expect.stringMatching(/^node 1: ran out of memory.*\(exit code 137\)$/),
    });
  });
  test('a restart of the host, before what nodes died of when others went', () => {
    const nodes = [
      node(0, { exitCode: 1, finishedAt: 2, epochChanged: true }),
      node(1, { exitCode: 143, finishedAt: 4, epochChanged: true, byItself: false }),
    ];
    expect(culpritOf(run, nodes)?.outcome).toMatchObject({ code: 'host_restarted' });
  });
});

describe('how the run ended', () => {
  test('done only when all are', () => expect(decisiveJob(states(run, [node(0, {}), node(1, {})])).state.status).toBe('done'));
  test('a worker that failed after the master was done makes it failed', () => {
    const ended = states(run, [node(0, {}), node(1, { exitCode: 3, finishedAt: 7 })]);
    expect(ended.map(({ state }) => state.status)).toEqual(['done', 'failed']);
    expect(decisiveJob(ended)).toMatchObject({ job: 1, state: { exitCode: 3 } });
  });
  test('stopped, even if a node failed when another was told to end', () => {
    const ended = states({ ...run, intent: stop }, [node(0, { exitCode: 1 }), node(1, { exitCode: 143 }, told)]);
    expect(decisiveJob(ended)).toMatchObject({ job: 1, state: { status: 'stopped' } });
  });
  test('failed, if somebody stops it while the others are being ended', () => {
    const ended = states({ ...run, intent: stop }, [node(0, { exitCode: 0 }, { ...told, endedFor: 1 }), node(1, { exitCode: 3 })]);
    expect(decisiveJob(ended)).toMatchObject({ job: 1, state: { status: 'failed', exitCode: 3 } });
  });
  test('its max_duration is nobody’s fault', () => {
    const nodes = [node(0, { exitCode: 143 }, told), node(1, { exitCode: 1 })];
    const ended = states({ ...run, intent: { ...stop, reason: 'max_duration' } }, nodes);
    expect(decisiveJob(ended).state).toMatchObject({ status: 'failed', reasonCode: 'max_duration' });
  });
  test('all make room, also one that was not told yet and one that had not begun', () => {
    const preempted = { for: 'red-fox-1', at: 1 };
    const nodes = [
      node(0, { exitCode: 143 }, { ...told, preempted }),
      node(1, { exitCode: 1 }, { preempted }),
      node(2, { startedAt: null, exitCode: null }, { preempted }),
    ];
    expect(gangVerdict(run, nodes, [], 10, false)).toMatchObject({ again: 'preempted', pause: 0 });
    expect(states(run, nodes).map(({ state }) => state)).toMatchObject(
      [0, 1, 2].map(() => ({ status: 'interrupted', reason: 'made room for red-fox-1', cause: 'preempted' })),
    );
  });
  test('a retry counts the attempt once', () => {
    const again = { ...run, spec: { ...run.spec, retry: 2 } };
    const failed: JobRecord = {
      ...node(1, {}),
      state: { status: 'interrupted', since: 0, reason: '', cause: 'failed', host: 'local', gpus: [] },
    };
    const nodes = [node(0, {}, { endedFor: 1 }), node(1, { exitCode: 3 })];
    expect(gangVerdict(again, nodes, [failed], 10, false)).toMatchObject({ again: 'failed', pause: 20 });
    expect(gangVerdict(again, nodes, [failed, failed], 10, false).again).toBeNull();
  });
});

type Happening = { at: number; what: 'exit' | 'crash' | 'stop' | 'abort' | 'preempt' | 'lose' | 'spoil'; job: number; code: number };
const happening: fc.Arbitrary<Happening> = fc.record({
  at: fc.nat(60),
  what: fc.constantFrom('exit', 'exit', 'exit', 'crash', 'stop', 'abort', 'preempt', 'lose', 'spoil'),
  job: fc.nat(2),
  code: fc.constantFrom(0, 0, 1, 3, 137),
});

test('whatever happens in whatever order, no node is left behind', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 3 }),
      fc.array(happening, { maxLength: 6 }),
      fc.array(fc.nat(2), { minLength: 30, maxLength: 150 }),
      (count, happenings, order) => {
        const model = new GangModel(count);
        const happen = ({ what, job, code }: Happening): void => {
          const which = job % count;
          if (what === 'exit') model.exit(which, code);
          else if (what === 'crash') model.crash();
          else if (what === 'preempt') model.preempt();
          else if (what === 'lose') model.losing.add(which);
          else if (what === 'spoil') model.spoilt.add(which);
          else model.stop(what);
        };
        order.forEach((job, at) => {
          for (const one of happenings) if (one.at === at) happen(one);
          model.round(job % count);
        });
        // then nothing else happens: those who are not to end are done with their work
        for (let idle = 0; idle < 3;) {
          const mayEnd =
            !model.run.intent && !culpritOf(model.run, model.records) && !model.records.some(({ progress }) => progress.preempted);
          for (let job = 0; mayEnd && job < count; job++) model.exit(job, 0);
          idle = model.nodes.map((_, job) => model.round(job)).some(Boolean) ? 0 : idle + 1;
          if (model.story.length > 1000) throw new Error(`no end: ${model.story.slice(-20).join(', ')}`);
        }
        // all wait for their turn again, or all have ended and left nothing
        if (!model.queued) {
          expect(model.records.map(({ state, open }) => [isEnded(state.status) || state.status === 'interrupted', open])).toEqual(
            Array(count).fill([true, false]),
          );
          expect(model.nodes.every(({ container }) => container === null)).toBe(true);
          for (let job = 0; job < count; job++)
            expect(model.story).toEqual(expect.arrayContaining([`${job} collectLog`, `${job} settleArtifacts`]));
          expect(new Set(model.records.map(({ state }) => state.status === 'interrupted')).size).toBe(1);
        }
        // what is kept of one hangs on how all have ended
        const known = model.story.findLastIndex((line) => /readEnd|giveUp/.test(line));
        const settled = model.story.findIndex((line) => line.includes('settleArtifacts'));
        expect(settled < 0 || settled > known).toBe(true);
        // none begins before all could
        const begun = model.story.findIndex((line) => line.includes('startContainer'));
        for (let job = 0; begun >= 0 && job < count; job++) expect(model.story.slice(0, begun)).toContain(`${job} noteReady`);
        // nobody is begun twice, nor before the master, nor after it was given up
        for (let job = 0; job < count; job++) {
          const own = model.story.filter((line) => line.startsWith(`${job} `)).map((line) => line.slice(2));
          const given = own.indexOf('giveUp');
          expect(given < 0 || !own.includes('startContainer', given)).toBe(true);
          if (job > 0 && own.includes('noteRunning'))
            expect(model.story.indexOf('0 noteRunning')).toBeLessThan(model.story.indexOf(`${job} startContainer`));
        }
      },
    ),
    { numRuns: 400 },
  );
});
