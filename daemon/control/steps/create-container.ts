import { unwrap } from '../../../shared/result.ts';
import { homedir } from 'node:os';
import type { HostMount } from '../../../shared/workflow/model.ts';
import { expandHome, parseMount } from '../../../shared/units.ts';
import { labels, type MountSpec } from '../../engine/engine.ts';
import { containerSpec, depsToMount } from '../container-spec.ts';
import { specOf } from '../attempt.ts';
import { mountLost } from '../mount-roots.ts';
import { specWithSecrets } from '../secrets.ts';
import { endWith } from './end-with.ts';
import type { Executor } from './executor.ts';
import { notMade } from './not-made.ts';

/** A mount of the config, with `~` as the daemon's own home. */
function configMount(text: string): HostMount {
  const mount = unwrap(parseMount(text));
  return { ...mount, source: expandHome(mount.source, homedir()) };
}

/** Creates the container, or finds the one that an earlier try made. */
export const createContainer: Executor = async ({ parts, attempt }) => {
  const { run, job, live } = attempt;
  if (job.state.status !== 'preparing' || !live.image || !live.workspace) return;
  try {
    const image = await parts.engine.image(live.image.id);
    if (!image) {
      live.image = null;
      return;
    }
    const attach = job.state.gpus.length === 0 ? ({ method: 'gpus' } as const) : await parts.gpus.attach(job.state.host);
    if (attach.method === null) return endWith(parts, attempt, 'gpus', attach.why);
    const { spec, secrets } = unwrap(specWithSecrets(parts, attempt));
    const { mount } = live.workspace;
    const workspace: MountSpec =
      mount.type === 'overlay' ? { ...mount, volume: attempt.container, target: '/workflow' } : { ...mount, target: '/workflow' };
    // once more, for the time in the queue: the engine would follow a link that was not there at submit
    const lost = run.owner === null ? null : await mountLost({ user: run.user, ...run.owner }, spec.mounts);
    if (lost !== null) return endWith(parts, attempt, 'start', lost);
    const own = spec.artifacts.map((a) => a.path);
    const made = await parts.engine.create(
      containerSpec({
        installation: parts.installation,
        run: { name: run.name, job: job.job, attempt: job.attempt },
        spec,
        template: specOf(attempt).env,
        // by its id: exactly the one that was seen
        image: image.id,
        containerName: attempt.container,
        own: image,
        gpus: job.state.gpus,
        gpuAttach: attach.method,
        user: run.user,
        workspace,
        stateFolder: parts.states.pathOf(attempt.id),
        artifacts: spec.artifacts.map((a, i) => ({ path: a.path, source: parts.artifacts.folder(run.id, job.job, String(i)) })),
        deps: depsToMount(run.spec.deps, own).map((d) => ({ path: d.path, source: parts.artifacts.folder(d.runId, d.job, d.key) })),
        mounts: [...parts.config.mounts.map((text) => configMount(text)), ...spec.mounts].map((mount) => ({
          type: 'bind',
          ...mount,
        })),
        pids: parts.policy.of(run.user).pids,
        certificates: parts.config.caCertificates.length > 0,
        env: {
          config: parts.config.env,
          secrets,
          image: Object.fromEntries(image.env.map((entry) => [entry.split('=', 1)[0] ?? '', entry.slice(entry.indexOf('=') + 1)])),
        },
      }),
    );
    if (!made.created) {
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
