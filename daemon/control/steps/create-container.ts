import { unwrap } from '../../../shared/result.ts';
import { labels } from '../../engine/engine.ts';
import { configMounts } from '../config-mounts.ts';
import { containerSpec, depsToMount } from '../container-spec.ts';
import { gangVariables } from '../gangs/gang-variables.ts';
import { artifactKey } from '../../artifacts/artifact-key.ts';
import { specOf } from '../attempt.ts';
import { watchMounts } from '../watch/watch-mounts.ts';
import { downloadsOf } from '../builds/build-parts.ts';
import { holdMounts } from '../hold-mounts.ts';
import { tokenOf } from '../submit/run-token.ts';
import { specWithSecrets } from '../secrets.ts';
import { workspaceMount } from '../workspace-mount.ts';
import { endWith } from './end-with.ts';
import type { Executor } from './executor.ts';
import { networkOf } from './join-master.ts';
import { notMade } from './not-made.ts';
import { serverMountOf } from './provide-server.ts';

/** Creates the container, or finds the one that an earlier try made. */
export const createContainer: Executor = async ({ parts, attempt }) => {
  const { run, job, live } = attempt;
  if (job.state.status !== 'preparing' || !live.image || !live.workspace) return;
  try {
    const image = await parts.engine.image(live.environment?.image ?? live.image.id);
    if (!image) {
      // with what is installed into it, or as it is: it is looked for again
      live.image = null;
      live.environment = null;
      return;
    }
    const attach = job.state.gpus.length === 0 ? ({ method: 'gpus' } as const) : await parts.gpus.attach(job.state.host);
    if (attach.method === null) return endWith(parts, attempt, 'gpus', attach.why);
    const { spec, secrets } = unwrap(specWithSecrets(parts, attempt));
    const server = await serverMountOf(parts, attempt);
    const network = await networkOf(parts, attempt);
    if (network === null) return;
    const mounts = await holdMounts(parts, attempt, specOf(attempt).mounts);
    if (!mounts.ok) return endWith(parts, attempt, 'start', mounts.failure.message);
    const own = spec.artifacts.map((a) => a.path);
    const wanted = containerSpec({
      installation: parts.installation,
      run: { name: run.name, job: job.job, attempt: job.attempt },
      spec,
      template: specOf(attempt).env,
      // by its id: exactly the one that was seen
      image: image.id,
      containerName: attempt.container,
      own: image,
      enters: live.environment?.enters ?? false,
      gpus: job.state.gpus,
      gpuAttach: attach.method,
      user: run.user,
      workspace: workspaceMount(live.workspace, attempt),
      stateFolder: parts.states.pathOf(attempt.id),
      artifacts: spec.artifacts.map((a, i) => ({ path: a.path, source: parts.artifacts.folder(run.id, job.job, artifactKey(a, i)) })),
      deps: depsToMount(run.spec.deps, own).map((d) => ({ path: d.path, source: parts.artifacts.folder(d.runId, d.job, d.key) })),
      mounts: [...configMounts(parts.config), ...mounts.value, ...server, ...watchMounts(parts, attempt, live.workspace)].map((mount) => ({
        type: 'bind',
        ...mount,
      })),
      pids: parts.policy.of(run.user).pids,
      certificates: parts.config.caCertificates.length > 0,
      downloads: downloadsOf(parts, attempt, image),
      ...network,
      gang: gangVariables(spec, run.spec.jobs[0] ?? spec),
      token: unwrap(tokenOf(parts.secretBox, run)),
      terminal: run.spec.terminal,
      env: {
        config: parts.config.env,
        secrets,
        image: Object.fromEntries(image.env.map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)])),
      },
    });
    const made = await parts.engine.create(wanted);
    if (made.created) {
      const { name, labels: ours, image: of } = wanted;
      live.made = { container: { id: made.id, name, labels: ours, image: of, imageId: of, state: { status: 'created' }, ports: [] } };
    } else {
      const found = await parts.engine.inspect(attempt.container);
      if (found && (found.labels[labels.installation] !== parts.installation || found.labels[labels.run] !== run.name)) {
        return endWith(
          parts,
          attempt,
          'start',
          `a container named ${attempt.container} that is not ours is in the way; remove it with: docker rm -f ${attempt.container}`,
        );
      }
    }
  } catch (error) {
    notMade(parts, attempt, error, 'start', 'cannot create the container');
  }
};
