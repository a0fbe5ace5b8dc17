import { statfs } from 'node:fs/promises';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { ArtifactRef } from '../../../shared/workflow/model.ts';
import { parseArtifact } from '../../../shared/workflow/values.ts';
import { freshProgress, type RunRecord } from '../../store/records.ts';
import type { JobSpec } from '../../providers/job-spec.ts';
import { ownerOf, type Caller } from '../../users/caller.ts';
import type { ControlParts } from '../parts.ts';
import { newRunName } from './run-names.ts';

const noWork: Omit<JobSpec, 'artifacts'> = {
  image: '',
  registryAuth: null,
  start: { kind: 'script', commands: [] },
  env: {},
  workingDir: '',
  mounts: [],
  ports: [],
  cpu: null,
  memory: null,
  shmSize: null,
  gpu: null,
};

/**
 * Local folders as the artifacts of a run that is done, for `tags add -a`. The copy comes first, under the run's id, and the run counts as done only
 * after it: an import cut short leaves a removed run, whose folder `gc` takes. Fails for a path that is not a folder, where the caller's artifacts take more than
 * they may, and on a disk that is nearly full.
 */
export async function importRun<T>(
  api: { parts: ControlParts; caller: Caller },
  projectDir: string,
  project: string,
  dirs: { source: string; path: string }[],
  then: (run: RunRecord) => T,
): Promise<Result<T>> {
  const { store, artifacts, now } = api.parts;
  const refs: ArtifactRef[] = [];
  for (const dir of dirs) {
    const ref = parseArtifact(dir.path);
    if (!ref.ok) return ref;
    const same = refs.find((known) => known.path === ref.value.path);
    if (same)
      return fail('same_path', `Two of the folders would be saved as '${same.path}'`, 'Tag them one by one, or a folder that holds both');
    refs.push(ref.value);
  }
  const { caller, parts } = api;
  const room = await parts.diskUse.check(caller, parts.policy.of(caller.user).disk);
  if (!room.ok) return room;
  const { bavail, bsize } = await statfs(parts.home);
  if (bavail * bsize < parts.config.minFreeDisk)
    return fail(
      'disk_full',
      'The disk of the daemon is nearly full: it takes no folders now',
      'Make room: dstack gc; then see: dstack doctor',
    );
  const at = now();
  const spec: RunRecord['spec'] = {
    args: [],
    snapshot: { tree: '', commit: null, branch: null, dirty: false },
    templates: [],
    jobs: [{ ...noWork, artifacts: refs }],
    deps: [],
    interruptible: false,
    maxDuration: null,
    priority: 0,
    retry: 0,
    pinnedImage: null,
    restartOf: null,
    terminal: null,
  };
  const run = store.transaction(() => {
    const wanted = {
      name: newRunName(store),
      project,
      projectDir,
      workflow: null,
      provider: 'bash' as const,
      user: api.caller.user,
      owner: ownerOf(api.caller),
      spec,
      requestId: null,
      tag: null,
      submittedAt: at,
    };
    const id = store.runs.insert(wanted);
    store.runs.setRemoved(id, at);
    store.jobs.insert({
      runId: id,
      job: 0,
      attempt: 1,
      state: { status: 'done', since: at, startedAt: null, finishedAt: at, host: null, gpus: [], exitCode: 0 },
      progress: { ...freshProgress(), log: 'complete', settled: true },
      open: false,
    });
    return { ...wanted, id, shared: false, intent: null, removedAt: at };
  });
  api.parts.inUse.add(run.id);
  try {
    const copied = await artifacts.importDirs(
      run.id,
      0,
      dirs.map((dir, i) => ({ key: String(i), source: dir.source })),
      api.caller.shared ? api.caller : null,
    );
    return copied.ok ? ok(then(run)) : copied;
  } finally {
    api.parts.inUse.delete(run.id);
  }
}
