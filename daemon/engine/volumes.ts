import type { VolumeInspectInfo } from 'dockerode';
import type { Connection } from './connection.ts';
import { EngineError, labels, type Engine, type MountSpec } from './engine.ts';
import { overlayOptions } from './spec.ts';

/** Volumes of ours on this engine. */
export const volumeVerbs = (connection: Connection): Pick<Engine, 'volumes' | 'removeVolume'> => ({
  async volumes(installation) {
    const filters = JSON.stringify({ label: [`${labels.installation}=${installation}`] });
    const found = await connection.ask<{ Volumes: VolumeInspectInfo[] | null }>({ method: 'GET', path: '/volumes', query: { filters } });
    return (found.Volumes ?? []).map((volume) => ({ name: volume.Name, labels: volume.Labels ?? {} }));
  },

  async removeVolume(name) {
    try {
      await connection.ask({ method: 'DELETE', path: `/volumes/${name}` });
    } catch (error) {
      if (!(error instanceof EngineError && error.kind === 'not_found')) throw error;
    }
  },
});

/**
 * Throws EngineError `mount` unless the volume is the overlay that was asked for: names of volumes are not unique to the engine, a create
 * that finds one of the name takes it as it is, and the job would work on something else.
 */
export async function checkOverlay(connection: Connection, mount: Extract<MountSpec, { type: 'overlay' }>): Promise<void> {
  const got = await connection.ask<VolumeInspectInfo>({ method: 'GET', path: `/volumes/${mount.volume}` });
  const wanted = overlayOptions(mount);
  const options: Record<string, string> = got.Options ?? {};
  if (options['type'] === wanted.type && options['o'] === wanted.o) return;
  throw new EngineError(
    'mount',
    `a volume named ${mount.volume} exists already and is not this workspace; remove it with: docker volume rm ${mount.volume}`,
  );
}
