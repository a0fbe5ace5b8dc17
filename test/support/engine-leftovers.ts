/** What a daemon under test has on an engine: found by its installation's label, or by mounts below its home when the installation is not known. */
import { labels } from '../../daemon/engine/engine.ts';
import { engineJson, engineRequest, filters } from './engine-api.ts';

export interface Leftovers {
  containers: string[];
  volumes: string[];
}

interface Owner {
  home: string;
  installation: string | null;
}

/** Names of containers (running or not) and volumes. */
export async function leftovers(host: string, { home, installation }: Owner): Promise<Leftovers> {
  const ours = filters({ label: [labels.installation] });
  type Labels = Record<string, string> | null;
  const containers = await engineJson<{ Names: string[]; Labels: Labels; Mounts: { Source?: string }[] }[]>(
    host,
    `/containers/json?all=1&${ours}`,
  );
  const volumes = await engineJson<{ Volumes: { Name: string; Labels: Labels; Options: Record<string, string> | null }[] | null }>(
    host,
    `/volumes?${ours}`,
  );
  const isOwn = (itsLabels: Labels, paths: (string | undefined)[]) =>
    itsLabels?.[labels.installation] === installation || paths.some((path) => path?.includes(`${home}/`));
  return {
    containers: containers
      .filter(({ Labels, Mounts }) =>
        isOwn(
          Labels,
          Mounts.map(({ Source }) => Source),
        ),
      )
      .map(({ Names }) => (Names[0] ?? '').slice(1)),
    volumes: (volumes.Volumes ?? []).filter(({ Labels, Options }) => isOwn(Labels, Object.values(Options ?? {}))).map(({ Name }) => Name),
  };
}

/** Removes them, and the environments that it built; what is gone meanwhile is no error. */
export async function removeLeftovers(host: string, owner: Owner): Promise<void> {
  const { containers, volumes } = await leftovers(host, owner);
  for (const name of containers) await engineRequest(host, 'DELETE', `/containers/${name}?force=1&v=1`, { expected: [404, 409] });
  for (const name of volumes) await engineRequest(host, 'DELETE', `/volumes/${name}?force=1`, { expected: [404] });
  if (owner.installation === null) return;
  const environments = filters({ label: [`dstack.environment.installation=${owner.installation}`] });
  for (const { RepoTags } of await engineJson<{ RepoTags: string[] | null }[]>(host, `/images/json?${environments}`)) {
    for (const tag of RepoTags ?? []) await engineRequest(host, 'DELETE', `/images/${tag}`, { expected: [404, 409] });
  }
}
