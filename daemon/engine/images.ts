import type { ImageInspectInfo } from 'dockerode';
import type { Connection } from './connection.ts';
import { EngineError, type Engine } from './engine.ts';
import { kindOf, toEngineError } from './errors.ts';
import { jsonLines } from './json-lines.ts';
import { PullMeter, type PullLine } from './pull-meter.ts';
import { parseReference } from './reference.ts';

/** Images on this engine, and how they come there. */
export const imageVerbs = (connection: Connection): Pick<Engine, 'image' | 'pull'> => ({
  async image(reference) {
    try {
      const found = await connection.ask<ImageInspectInfo>({
        method: 'GET',
        path: `/images/${reference.split('/').map(encodeURIComponent).join('/')}/json`,
      });
      return imageOf(found, reference);
    } catch (error) {
      if (error instanceof EngineError && error.kind === 'not_found') return null;
      throw error;
    }
  },

  async pull(reference, auth, onProgress, signal) {
    const { registry, repository, tag } = parseReference(reference);
    const meter = new PullMeter();
    try {
      const body = await connection.stream(
        {
          method: 'POST',
          path: '/images/create',
          query: { fromImage: repository, tag },
          ...(auth
            ? { registryAuth: { ...auth, serveraddress: registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry } }
            : {}),
        },
        signal,
      );
      for await (const line of jsonLines<PullLine & { error?: string }>(body)) {
        // the answer has begun with 200 long before it can fail
        if (line.error !== undefined) throw new EngineError(kindOf(null, line.error), line.error);
        const progress = meter.take(line);
        if (progress) onProgress(progress);
      }
    } catch (error) {
      throw toEngineError(error, connection.endpoint, signal);
    }
  },
});

function imageOf(found: ImageInspectInfo, reference: string): Awaited<ReturnType<Engine['image']>> {
  const { repository } = parseReference(reference);
  const digests = found.RepoDigests ?? [];
  const digest = digests.find((one) => one.startsWith(`${repository}@`)) ?? digests[0];
  // what an image leaves out, newer engines leave out too
  const config: Partial<ImageInspectInfo['Config']> & { Shell?: string[] | null } = found.Config ?? {};
  return {
    id: found.Id,
    digest: digest?.slice(digest.indexOf('@') + 1) ?? null,
    user: config.User ?? '',
    entrypoint: listOf(config.Entrypoint),
    command: listOf(config.Cmd),
    env: config.Env ?? [],
    ...(config.Shell ? { shell: config.Shell } : {}),
    size: found.Size,
    labels: config.Labels ?? {},
    volumes: Object.keys(config.Volumes ?? {}),
  };
}

const listOf = (value: string | string[] | null | undefined): string[] => (typeof value === 'string' ? [value] : (value ?? []));
