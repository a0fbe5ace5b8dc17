import { join, posix } from 'node:path';
import { messageOf, unwrap } from '../../../shared/result.ts';
import { formatSize } from '../../../shared/units.ts';
import { EngineError, type Container } from '../../engine/engine.ts';
import type { Facts } from '../../environments/environments.ts';
import { leftoversOf } from '../../environments/leftovers.ts';
import { restoring } from '../../environments/restore.ts';
import type { Stage } from '../../environments/stages.ts';
import { anyIn, workspaceChange } from '../../environments/workspace-changes.ts';
import { noInstaller } from '../../providers/installing.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { buildFolder, scratchFolders } from './build-parts.ts';
import { wasCutOff } from './build-time.ts';
import { discardBuild } from './discard-builds.ts';
import { depsToMount, insideJob } from '../container-spec.ts';
import type { ControlParts } from '../parts.ts';
import { endWith } from '../steps/end-with.ts';
import { readUntrusted } from '../untrusted-file.ts';
import { dropWorkspace } from '../workspace-mount.ts';

/** Of what a build notes at most (bytes). */
const mostNoted = 1 << 20;

/** Makes of a build that has ended what runs start from, or the end of the attempt; then the container goes. */
export async function keepStage(
  parts: ControlParts,
  attempt: Attempt,
  stage: Stage,
  from: string,
  container: Container,
  name: string,
): Promise<void> {
  const { job } = attempt;
  const folder = buildFolder(parts.home, attempt.id);
  const note = async (file: string): Promise<string | null> => (await readUntrusted(join(folder, 'run', file), mostNoted))?.text ?? null;
  if (container.state.status !== 'exited') return;
  if (await wasCutOff(parts, attempt, container.state.exitCode, await note('exit'))) {
    await parts.logs.note(attempt.job, 'dstack: the host or its container engine was restarted: the environment is built again');
    return discardBuild(parts, attempt, name);
  }
  const { exitCode, outOfMemory } = container.state;
  const withoutGpu = exitCode !== 0 && stage.kind === 'setup' && specOf(attempt).gpu !== null && !outOfMemory;
  if (exitCode !== 0 && !withoutGpu) {
    await fail(parts, attempt, stage, container.state, await note('command'));
    return discardBuild(parts, attempt, name);
  }
  const changes = await parts.engine.changes(name);
  const touched = withoutGpu
    ? `it ended with exit code ${exitCode} in a build, which has no GPU (dstack env rm ${stage.key.slice(0, 12)}: it is tried again)`
    : await touchedWorkspace(parts, attempt, stage, folder, changes);
  const changedVolume = (await note('volumes'))?.split('\n')[0] || null;
  const changed =
    changes.some(({ path, kind }) => kind !== 'changed' && !isOurs(path)) || changes.some((one) => isFileChange(one, changes));
  let again =
    touched ??
    (changedVolume === null ? null : `it wrote ${changedVolume}, and the image declares a volume there, which belongs to no image`);
  let restore = '';
  if (stage.kind === 'setup' && again === null) {
    const secrets = Object.values(unwrap(parts.secretsOf(attempt.run.project)));
    const noted = {
      ...{ before: await note('before'), after: await note('after'), directory: await note('directory'), shell: await note('shell') },
      ...{ namesBefore: await note('names-before'), namesAfter: await note('names-after') },
      ...{ trapsBefore: await note('traps-before'), trapsAfter: await note('traps-after'), jobs: await note('jobs') },
    };
    const home = posix.join('/workflow', specOf(attempt).workingDir);
    const restored = restoring(noted, home, [...secrets, container.id.slice(0, 12)]);
    if (restored.ok) restore = restored.value;
    else again = restored.failure.message;
  }
  const base = await parts.engine.image(from);
  const facts: Omit<Facts, 'image'> = {
    from,
    reference: specOf(attempt).image,
    requirements: stage.requirements,
    commands: stage.shown,
    createdAt: new Date(parts.now()).toISOString(),
    restore,
    again,
    baseSize: base?.size ?? 0,
    owner: attempt.run.owner?.uid ?? null,
  };
  // what a set-up wrote outside of the image would be missing beside what it installed: it runs again as a whole
  if (!changed || (stage.kind === 'setup' && again !== null)) parts.environments.remember(stage.key, { ...facts, image: from });
  else {
    try {
      await parts.environments.commit(name, stage.key, facts);
    } catch (error) {
      if (!(error instanceof EngineError) || error.kind !== 'no_space') throw error;
      endWith(parts, attempt, 'disk_full', `the engine's disk is full: ${error.message}`);
      return discardBuild(parts, attempt, name);
    }
  }
  parts.environments.touch([stage.key]);
  // from now on it is in use: the next stage, or the job, starts from it
  job.progress.environments = [...new Set([...(job.progress.environments ?? []), stage.key])];
  parts.store.jobs.update(job);
  if (again !== null) {
    const what = stage.kind === 'setup' ? 'the set-up' : 'the installation';
    await parts.logs.note(attempt.job, `dstack: ${what} runs again in every job: ${again}`);
  }
  await discardBuild(parts, attempt, name);
  // the job gets one as if nothing had been built
  if (touched !== null) await dropWorkspace(parts, attempt);
  await parts.environments
    .shrink()
    .catch((error: unknown) => parts.logger.info({ error: messageOf(error) }, 'environments were not removed'));
}

/** The mount points that the engine makes, and the folders above them. */
const isOurs = (path: string): boolean =>
  ['/workflow', '/run/dstack', '/var/cache/dstack', '/opt/dstack', '/sbin/docker-init', '/usr/sbin/docker-init'].some(
    (own) => path === own || path.startsWith(`${own}/`) || own.startsWith(`${path}/`),
  );

/** A file with another content; a folder is said to have changed with what is in it. */
const isFileChange = ({ path, kind }: { path: string; kind: string }, all: readonly { path: string }[]): boolean =>
  kind === 'changed' && !isOurs(path) && !all.some((other) => other.path.startsWith(`${path}/`));

/** What the build wrote where no image has it, as a reason; null: nothing. */
async function touchedWorkspace(
  parts: ControlParts,
  attempt: Attempt,
  stage: Stage,
  folder: string,
  changes: readonly { path: string; kind: string }[],
): Promise<string | null> {
  const { live, run } = attempt;
  const spec = specOf(attempt);
  if (!live.workspace) return null;
  if (await anyIn(scratchFolders(folder, attempt))) return 'it writes into an artifact';
  const own = spec.artifacts.map((artifact) => artifact.path);
  const targets = [...own, ...depsToMount(run.spec.deps, own).map((dep) => dep.path)].map((path) => insideJob(spec.workingDir, path));
  const inWorkspace = [...targets, ...spec.mounts.map((mount) => mount.target), posix.join('/workflow', spec.workingDir)].flatMap((path) =>
    path.startsWith('/workflow/') ? [path.slice('/workflow/'.length)] : [],
  );
  const tree = unwrap(await parts.snapshots.materialize(snapshotPlace(run), run.spec.snapshot.tree));
  const { mount } = live.workspace;
  const installed = changes.flatMap((one) => (one.kind === 'deleted' ? [] : [one.path]));
  const ignored =
    stage.kind === 'install'
      ? leftoversOf(mount.type === 'overlay' ? mount.upper : mount.source, installed)
      : (one: string): boolean => posix.basename(one) === '__pycache__';
  const path = await workspaceChange(mount, { tree, mountPoints: inWorkspace, ignored });
  return path === null ? null : `it changes the workspace (${path})`;
}

/** The end of the attempt, with the command that failed and how. */
async function fail(
  parts: ControlParts,
  attempt: Attempt,
  stage: Stage,
  state: Extract<Container['state'], { status: 'exited' }>,
  command: string | null,
): Promise<void> {
  const which = stage.commands[Number.parseInt(command ?? '', 10)];
  const what = which ? `\`${short(which.shown)}\`` : stage.kind === 'setup' && command === null ? 'its set-up' : 'it';
  const { memory } = specOf(attempt);
  const memoryOut = `ran out of memory${memory === null ? '' : ` (its limit is ${formatSize(memory)})`}`;
  const why = state.outOfMemory
    ? `${what} ${memoryOut}`
    : which?.without !== undefined && state.exitCode === noInstaller
      ? which.without
      : which?.installs !== undefined
        ? `${which.installs} could not be installed (exit code ${state.exitCode})`
        : `${what} ended with exit code ${state.exitCode}`;
  endWith(parts, attempt, 'environment', `the environment could not be built: ${why}`, state.exitCode);
}

const short = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
