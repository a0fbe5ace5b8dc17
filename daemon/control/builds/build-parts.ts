import { chmod, mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { unwrap } from '../../../shared/result.ts';
import type { HostMount } from '../../../shared/workflow/model.ts';
import { labels, type ContainerSpec, type MountSpec } from '../../engine/engine.ts';
import { bareContainer } from '../../engine/bare-container.ts';
import { buildFiles, sinceFile } from '../../environments/build-script.ts';
import { downloadsName } from '../../environments/downloads.ts';
import { environmentLabels } from '../../environments/environments.ts';
import type { Stage } from '../../environments/stages.ts';
import { stateMount } from '../../providers/script.ts';
import { removeAll } from '../../remove-all.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { configMounts } from '../config-mounts.ts';
import { depsToMount, environment, insideJob } from '../container-spec.ts';
import { containerName } from '../names.ts';
import type { ControlParts } from '../parts.ts';
import { specWithSecrets } from '../secrets.ts';
import { writeOver } from '../untrusted-file.ts';
import { workspaceMount } from '../workspace-mount.ts';

type Image = NonNullable<Awaited<ReturnType<ControlParts['engine']['image']>>>;

/** The folder of an attempt's build on this machine: its script and what it notes, as an attempt's state folder has them for its job. */
export const buildFolder = (home: string, attemptId: string): string => join(home, 'builds', attemptId);

/** The same for every daemon of the installation: a build that was cut off is found again by it. */
export const buildName = (installation: string, key: string): string => `dstack-${installation}-env-${key.slice(0, 20)}`;

/** The name of the job's container of the attempt that began a build. */
export const builderOf = (installation: string, of: Record<string, string>): string =>
  containerName(installation, of[labels.run] ?? '', { runId: 0, job: Number(of[labels.job]), attempt: Number(of[labels.attempt]) });

/** The artifact folders of a build, empty: what a set-up writes there belongs to the run, and no other run would get it. */
export const scratchFolders = (folder: string, attempt: Attempt): string[] =>
  specOf(attempt).artifacts.map((_, i) => join(folder, 'artifacts', String(i)));

/** Makes the folder of a build anew, with everything that its script needs. */
export async function prepareBuild(parts: ControlParts, attempt: Attempt, stage: Stage, image: Image, folder: string): Promise<void> {
  await removeAll(folder).catch(() => parts.deleteAsRoot(folder));
  // closed to others on this machine: the script's variables are in it for a moment
  await mkdir(join(parts.home, 'builds'), { recursive: true, mode: 0o700 });
  await mkdir(join(folder, 'run'), { recursive: true });
  for (const path of [join(folder, 'run'), ...scratchFolders(folder, attempt)]) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o777);
  }
  const { spec, secrets } = unwrap(specWithSecrets(parts, attempt));
  const certificates = await parts.certificates();
  const { plain, exports } = environment({
    run: { name: attempt.run.name, job: attempt.job.job, attempt: attempt.job.attempt },
    spec: { ...spec, app: null, start: { kind: 'script', commands: [] } },
    template: specOf(attempt).env,
    certificates: certificates !== null,
    downloads: downloadsOf(parts, attempt, image),
    env: { config: parts.config.env, secrets, image: {} },
  });
  const files = buildFiles({
    commands: stage.commands,
    setup: stage.kind === 'setup',
    workingDir: join('/workflow', spec.workingDir),
    variables: plain,
    exports,
    volumes: image.volumes,
  });
  if (certificates !== null) files['ca.pem'] = certificates;
  for (const [name, text] of Object.entries(files)) await writeOver(join(folder, 'run', name), text, name === 'env' ? 0o666 : 0o755);
  const since = join(folder, 'run', sinceFile);
  await writeOver(since, '', 0o644);
  await utimes(since, new Date(), new Date(Date.now() - 2_000));
}

/** What the downloads of a run's user are kept in, and how its containers know. */
export const downloadsOf = (parts: ControlParts, { run }: Attempt, image: Pick<Image, 'user' | 'env'>) =>
  parts.downloads.of(downloadsName(run.owner), image.user, image.env);

/** The container of a build: what it is created with stands in its image, so that is the image's own and nothing else. */
export function buildContainer(
  parts: ControlParts,
  attempt: Attempt,
  options: { key: string; image: Image; folder: string; mounts: HostMount[] },
): ContainerSpec {
  const { run, job, live } = attempt;
  const spec = specOf(attempt);
  const own = spec.artifacts.map((artifact) => artifact.path);
  const bind = (source: string, target: string, readOnly: boolean): MountSpec => ({ type: 'bind', source, target, readOnly });
  const workspace = live.workspace ? [workspaceMount(live.workspace, attempt)] : [];
  const downloads = downloadsOf(parts, attempt, options.image);
  const hostMounts = [...configMounts(parts.config), ...options.mounts];
  // an image that asks for all GPUs gets none of an engine that hands them out unasked
  const asksForGpus = options.image.env.some((entry) => entry.startsWith('NVIDIA_VISIBLE_DEVICES='));
  return {
    ...bareContainer({
      name: buildName(parts.installation, options.key),
      labels: {
        [labels.installation]: parts.installation,
        [labels.kind]: 'environment',
        [labels.run]: run.name,
        [labels.job]: String(job.job),
        [labels.attempt]: String(job.attempt),
        [labels.user]: run.user,
        [environmentLabels.key]: options.key,
      },
      image: options.image.id,
      entrypoint: ['/bin/sh', `${stateMount}/start`],
    }),
    bare: true,
    env: asksForGpus ? { NVIDIA_VISIBLE_DEVICES: 'void' } : {},
    workingDir: '',
    mounts: [
      ...workspace,
      ...hostMounts.map((one): MountSpec => ({ type: 'bind', ...one })),
      ...depsToMount(run.spec.deps, own).map((dep) =>
        bind(parts.artifacts.folder(dep.runId, dep.job, dep.key), insideJob(spec.workingDir, dep.path), true),
      ),
      ...scratchFolders(options.folder, attempt).map((source, i) => bind(source, insideJob(spec.workingDir, own[i] ?? ''), false)),
      bind(downloads.source, downloads.target, false),
      bind(join(options.folder, 'run'), stateMount, false),
    ],
    tty: true,
    cpu: spec.cpu,
    memory: spec.memory,
    shmSize: spec.shmSize,
    pids: parts.policy.of(run.user).pids,
    init: true,
  };
}
