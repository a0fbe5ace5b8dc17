import { artifactKey } from '../../artifacts/artifact-key.ts';
import { isSupervised } from '../watch/warm.ts';
import type { Executor } from './executor.ts';
import { fail, ok, type Result } from '../../../shared/result.ts';
import type { Attempt } from '../attempt.ts';
import { devicesOf } from '../claims/gpu-devices.ts';
import type { ControlParts } from '../parts.ts';
import { codeFiles } from '../../providers/code-script.ts';
import { refersToVariables, restoreEnvironment } from '../../providers/script.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import { specOf } from '../attempt.ts';
import { specWithSecrets, takenLiterally } from '../secrets.ts';
import { endWith } from './end-with.ts';
import { provideServer, sentenceOf } from './provide-server.ts';

/** The tree as a directory, the writable copy of it, the artifact folders and the state folder. */
export const prepareWorkspace: Executor = async ({ parts, attempt, changed }) => {
  const { run, job, live } = attempt;
  const spec = specOf(attempt);
  live.doing = 'preparing the workspace';
  changed();
  try {
    const workspace = await parts.snapshots.prepareWorkspace(
      snapshotPlace(run),
      run.spec.snapshot.tree,
      attempt.id,
      parts.overlay.allowed(),
    );
    if (!workspace.ok) return endWith(parts, attempt, 'workspace', workspace.failure.message);
    const deps = run.spec.deps.flatMap((dep) =>
      dep.artifacts.map((a) => ({ path: a.path, folder: parts.artifacts.folder(dep.runId, a.job, a.key) })),
    );
    const artifacts = await parts.artifacts.prepare(
      run.id,
      job.job,
      spec.artifacts.map((a, i) => ({ key: artifactKey(a, i), from: deps.find((dep) => dep.path === a.path)?.folder ?? null })),
      run.owner && { user: run.user, ...run.owner },
    );
    if (!artifacts.ok) return endWith(parts, attempt, 'workspace', artifacts.failure.message);
    const server = await provideServer(parts, attempt, changed);
    if (server === null) return;
    if (!server.ok) return endWith(parts, attempt, 'start', sentenceOf(server.failure));
    const filled = specWithSecrets(parts, attempt);
    if (!filled.ok) return endWith(parts, attempt, 'start', filled.failure.message);
    const { start, env } = filled.value.spec;
    const exports = Object.entries(env).filter(([name]) => {
      const template = spec.env[name] ?? '';
      return refersToVariables(template) && !takenLiterally(template);
    });
    const supervised = isSupervised(attempt, workspace.value);
    const commands = start.kind !== 'script' ? null : spec.environment ? [restoreEnvironment, ...start.commands] : start.commands;
    const script = commands && { commands, exports, supervised };
    const devices = await devicesToSee(parts, attempt);
    if (!devices.ok) return endWith(parts, attempt, 'gpus', devices.failure.message);
    await parts.states.prepare(attempt.id, script, await parts.certificates(), devices.value, spec.app?.server ? codeFiles : {});
    live.workspace = workspace.value;
    // one that is there already costs no further step; a daemon whose runs have none does without all of that
    if (spec.environment) await (await import('../builds/resolve-environment.ts')).resolveEnvironment(parts, attempt);
  } finally {
    live.doing = null;
  }
};

/** The numbers of the device files that the container must see; null: the host has no GPU at all, or its GPUs have none. */
async function devicesToSee(parts: ControlParts, { run, job: { state } }: Attempt): Promise<Result<number[] | null>> {
  if (state.status !== 'preparing') return ok(null);
  // a driver that hangs keeps nobody waiting who wants nothing of it
  const gpus = await (state.gpus.length === 0 ? parts.gpus.known(state.host) : parts.gpus.of(state.host));
  if ((gpus.length === 0 && state.gpus.length === 0) || !parts.gpus.haveFiles(state.host)) return ok(null);
  const devices = devicesOf(gpus, state.gpus);
  if (devices) return ok(devices);
  const gone = state.gpus.filter((uuid) => !gpus.some((gpu) => gpu.uuid === uuid));
  parts.gpus.suspects.addFor(gone, `was not shown by the host when ${run.name} was to have it`);
  return fail('gpus', `the host '${state.host}' no longer shows ${gone.join(' and ')}; see: dstack doctor`, null);
}
