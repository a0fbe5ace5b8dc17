import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyedArtifacts } from '../../../../daemon/control/watch/artifact-keys.ts';
import { noteSeen } from '../../../../daemon/control/watch/note-seen.ts';
import { putRerun, type RerunRequest } from '../../../../daemon/control/watch/request-rerun.ts';
import { nothingYet } from '../../../../daemon/control/watch/state.ts';
import { takeInto } from '../../../../daemon/control/watch/take.ts';
import { firstRerun } from '../../../../daemon/control/watch/first-rerun.ts';
import type { JobSpec, RunSpec } from '../../../../daemon/providers/job-spec.ts';
import { openStore } from '../../../../daemon/store/store.ts';
import { unwrap } from '../../../../shared/result.ts';
import { scratchDir } from '../../../support/scratch.ts';

const watch = { paths: [], ignore: [], byClient: false, request: { target: 'w', overrides: {}, args: [] } };
const spec = (tree: string, jobs: JobSpec[] = []): RunSpec => ({
  ...{ args: [], snapshot: { tree, commit: null, branch: null, dirty: false }, templates: [], jobs, deps: [], interruptible: false },
  ...{ maxDuration: null, priority: 0, retry: 0, pinnedImage: null, restartOf: null, terminal: null, watch },
});
const job = (...paths: string[]): JobSpec => ({
  ...{ image: 'i', registryAuth: null, start: { kind: 'script', commands: [] }, env: {}, workingDir: '', mounts: [], ports: [] },
  ...{ cpu: null, memory: null, shmSize: null, gpu: null, artifacts: paths.map((path) => ({ path })) },
});
const request = (tree: string, more: Partial<RerunRequest> = {}): RerunRequest => ({
  ...{ tree, cause: 'change', changed: [tree], changes: 1, seenAt: 5, fresh: null, spec: null, ...more },
});

function watched() {
  const store = unwrap(openStore(join(scratchDir('w'), 'x.db')));
  const id = store.runs.insert({
    ...{
      name: 'a-b-1',
      project: 'p',
      projectDir: '/p',
      workflow: 'w',
      provider: 'bash',
      user: 'me',
      requestId: null,
      tag: null,
      submittedAt: 1,
    },
    spec: spec('t1'),
  });
  for (const one of firstRerun({ id, spec: spec('t1') }, 1)) store.reruns.put(one);
  return { store, id };
}

describe('the attempts of a watch', () => {
  test('one that has not begun is replaced under its number, and keeps what it was for', () => {
    const { store, id } = watched();
    expect(putRerun(store, id, request('t2'), 10)).toBe(1);
    expect(store.reruns.get(id, 1)).toMatchObject({ tree: 't2', cause: 'start', changed: ['t2'], seenAt: 5 });
    store.reruns.note(id, 1, { givenAt: 11 });
    expect(putRerun(store, id, request('t3', { fresh: 'x changed', spec: spec('t3') }), 12)).toBe(2);
    expect(putRerun(store, id, request('t4', { seenAt: 9, changed: ['t4', 't3'] }), 13)).toBe(2);
    expect(store.reruns.newest(id, 9)).toMatchObject([
      { number: 2, tree: 't4', changed: ['t3', 't4'], changes: 2, seenAt: 5, askedAt: 13, fresh: 'x changed', spec: { restartOf: null } },
      { number: 1, tree: 't2' },
    ]);
    store.runs.setIntent(id, { how: 'stop', at: 1, reason: null });
    expect(putRerun(store, id, request('t5'), 14)).toBeNull();
  });

  test('what the supervisor says is written down once, with how it ended', () => {
    const { store, id } = watched();
    store.reruns.note(id, 1, { givenAt: 2 });
    const begun = { ...nothingYet, begun: { attempt: 1, at: 20 } };
    expect([noteSeen(store, id, begun), noteSeen(store, id, begun)]).toEqual([true, false]);
    const ended = { ...begun, ended: { attempt: 1, at: 30, exitCode: 3 } };
    // with its container: that says how
    expect(noteSeen(store, id, { ...ended, ended: { ...ended.ended, stopped: true } })).toBe(false);
    expect([noteSeen(store, id, { ...ended, ending: 1 }), noteSeen(store, id, ended)]).toEqual([true, false]);
    expect(store.reruns.get(id, 1)).toMatchObject({ startedAt: 20, endedAt: 30, exitCode: 3, how: 'changed' });
  });

  test('the run becomes what is wanted, before its container begins', () => {
    const { store, id } = watched();
    expect(takeInto(store, id, 1)).toBeNull();
    putRerun(store, id, request('t2', { spec: { ...spec('t2', [job('b', 'a')]), watch: undefined } as unknown as RunSpec }), 10);
    expect(takeInto(store, id, 2)).toBeNull();
    expect(takeInto(store, id, 1)).toMatchObject({ snapshot: { tree: 't2' }, watch: { byClient: false } });
    expect(store.runs.byId(id)?.spec).toMatchObject({ snapshot: { tree: 't2' }, jobs: [{ artifacts: [{ path: 'b' }, { path: 'a' }] }] });
    expect(takeInto(store, id, 1)).toBeNull();
  });

  test('artifacts keep their folders, wherever they come to stand', () => {
    const [first] = keyedArtifacts([job('a', 'b')], [job('a', 'b')]);
    expect(first?.artifacts).toEqual([{ path: 'a' }, { path: 'b' }]);
    const [second] = keyedArtifacts([job('a', 'b')], [job('new', 'b')]);
    expect(second?.artifacts).toEqual([
      { path: 'new', key: expect.stringMatching(/^p[0-9a-f]{16}$/) },
      { path: 'b', key: '1' },
    ]);
    const [third] = keyedArtifacts(second ? [second] : [], [job('b')]);
    expect(third?.artifacts).toEqual([{ path: 'b', key: '1' }]);
    // one that comes again has what it had
    expect(keyedArtifacts(third ? [third] : [], [job('b', 'new')])[0]?.artifacts[1]).toEqual(second?.artifacts[0]);
  });
});
