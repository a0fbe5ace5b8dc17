import { ok, type Result } from '../../shared/result.ts';
import { parseArtifact } from '../../shared/workflow/values.ts';
import { freshProgress, type RunRecord } from '../store/records.ts';
import type { JobSpec } from '../providers/job-spec.ts';
import type { ControlParts } from './parts.ts';
import { randomPair } from './run-names.ts';

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
 * after it: an import cut short leaves a removed run, whose folder `gc` takes. Fails for a path that is not a folder.
 */
export async function importRun(
  api: { parts: ControlParts; user: string },
  projectDir: string,
  project: string,
  dirs: { source: string; path: string }[],
): Promise<Result<RunRecord>> {
  const { store, artifacts, now } = api.parts;
  const refs = [];
  for (const dir of dirs) {
    const ref = parseArtifact(dir.path);
    if (!ref.ok) return ref;
    refs.push(ref.value);
  }
  const at = now();
  const spec: RunRecord['spec'] = {
    args: [],
    snapshot: { tree: '', commit: null, branch: null, dirty: false },
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
    const pair = randomPair();
    const name = `${pair}-${store.runs.nextNumber(pair)}`;
    const wanted = {
      name,
      project,
      projectDir,
      workflow: null,
      provider: 'bash' as const,
      user: api.user,
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
    return { ...wanted, id, intent: null, removedAt: at };
  });
  const copied = await artifacts.importDirs(
    run.id,
    0,
    dirs.map((dir, i) => ({ key: String(i), source: dir.source })),
  );
  return copied.ok ? ok(run) : copied;
}
