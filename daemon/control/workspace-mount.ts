import type { EngineError, MountSpec } from '../engine/engine.ts';
import type { Workspace } from '../snapshots/snapshots.ts';
import type { Attempt } from './attempt.ts';
import type { ControlParts } from './parts.ts';

/** An attempt's workspace as its containers see it. */
export const workspaceMount = ({ mount }: Workspace, { container }: Pick<Attempt, 'container'>): MountSpec =>
  mount.type === 'overlay' ? { ...mount, volume: container, target: '/workflow' } : { ...mount, target: '/workflow' };

/** Whether the engine refuses the overlay that the workspace is, so that it has to be a copy. */
export const refusesOverlay = ({ live }: Pick<Attempt, 'live'>, error: EngineError): boolean =>
  error.kind === 'mount' && live.workspace?.mount.type === 'overlay' && /mounting volume|mount local volume/i.test(error.message);

/** Gives the workspace up, which no container may use any more: another is prepared. */
export async function dropWorkspace(parts: Pick<ControlParts, 'engine' | 'snapshots'>, attempt: Attempt): Promise<void> {
  await parts.engine.removeVolume(attempt.container);
  await parts.snapshots.discardWorkspace(attempt.id);
  attempt.live.workspace = null;
}
