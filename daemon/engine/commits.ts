import type { ContainerInspectInfo, ImageInfo, ImageInspectInfo } from 'dockerode';
import type { Connection } from './connection.ts';
import { EngineError, type Engine } from './engine.ts';

/** Writing a layer takes the disk's time: some gigabytes of packages, some minutes (ms). */
const commitWithin = 60 * 60_000;

/** Images that are made of containers, and what becomes of them. */
export const commitVerbs = (connection: Connection): Pick<Engine, 'changes' | 'commit' | 'images' | 'removeImage'> => ({
  async changes(name) {
    const found = await connection.ask<{ Path: string; Kind: 0 | 1 | 2 }[] | null>(
      { method: 'GET', path: `/containers/${name}/changes` },
      commitWithin,
    );
    return (found ?? []).map((one) => ({ path: one.Path, kind: (['changed', 'added', 'deleted'] as const)[one.Kind] }));
  },

  async commit(name, repository, tag, labels) {
    const container = await connection.ask<ContainerInspectInfo>({ method: 'GET', path: `/containers/${name}/json` });
    const image = await connection.ask<ImageInspectInfo>({ method: 'GET', path: `/images/${container.Image}/json` });
    const made = await connection.ask<{ Id: string }>(
      {
        method: 'POST',
        path: '/commit',
        query: { container: name, repo: repository, tag, pause: true, comment: 'dstack' },
        body: configOf(image.Config, container.Config.Labels ?? {}, labels),
      },
      commitWithin,
    );
    return made.Id;
  },

  async images(label) {
    const filters = JSON.stringify({ label: [label] });
    const found = await connection.ask<ImageInfo[]>({ method: 'GET', path: '/images/json', query: { filters } });
    return found.map((one) => ({
      id: one.Id,
      tags: (one.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>'),
      labels: one.Labels ?? {},
      size: one.Size,
    }));
  },

  async removeImage(reference) {
    const removal = connection.ask(
      { method: 'DELETE', path: `/images/${reference.split('/').map(encodeURIComponent).join('/')}` },
      600_000,
    );
    await removal.catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.kind !== 'not_found') throw error;
    });
  },
});

/**
 * What the engine is told to write into an image. It adds from the container whatever is left out here (moby, daemon/commit.go, `merge`): hence an empty
 * list where the image has none, and an empty value for each label that only the container has.
 */
function configOf(
  image: Partial<ImageInspectInfo['Config']> | null,
  ofContainer: Record<string, string>,
  labels: Record<string, string>,
): object {
  const own: Record<string, string> = image?.Labels ?? {};
  const emptied = Object.keys(ofContainer).filter((name) => own[name] === undefined);
  return {
    ...image,
    Env: image?.Env ?? [],
    Entrypoint: image?.Entrypoint ?? [],
    Cmd: image?.Cmd ?? [],
    Labels: { ...Object.fromEntries(emptied.map((name) => [name, ''])), ...own, ...labels },
  };
}
