import type { ContainerInspectInfo } from 'dockerode';
import type { Container } from './engine.ts';

/** The engine's description of a container, in our words; null: it is being removed and never ran, so it is as good as gone. */
export function containerOf(found: ContainerInspectInfo): Container | null {
  if (['removing', 'dead'].includes(found.State.Status) && timeOf(found.State.StartedAt) === null) return null;
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ''),
    labels: found.Config.Labels ?? {},
    image: found.Config.Image,
    imageId: found.Image,
    state: stateOf(found.State),
    ports: Object.entries(found.NetworkSettings?.Ports ?? {}).flatMap(([port, bindings]) => {
      const host = Number(bindings?.[0]?.HostPort);
      return host > 0 ? [{ container: Number.parseInt(port, 10), host }] : [];
    }),
  };
}

function stateOf(state: ContainerInspectInfo['State']): Container['state'] {
  switch (state.Status as string) {
    case 'running':
    case 'paused':
    case 'restarting':
      return { status: 'running', startedAt: timeOf(state.StartedAt) ?? 0, pid: state.Pid };
    case 'created':
      // a start that failed leaves it here, with the reason and an exit code; one whose asker went away meanwhile is given up (Docker 23 and later),
      // as if nobody had asked
      if ((!state.Error && state.ExitCode === 0) || state.Error.includes('context canceled')) return { status: 'created' };
      return exited(state);
    default: // exited, dead, removing
      return exited(state);
  }
}

const exited = (state: ContainerInspectInfo['State']): Extract<Container['state'], { status: 'exited' }> => ({
  status: 'exited',
  startedAt: timeOf(state.StartedAt),
  finishedAt: timeOf(state.FinishedAt) ?? 0,
  exitCode: state.ExitCode,
  outOfMemory: state.OOMKilled,
  error: state.Error,
});

/** ms; null: never (the engine writes the year 1) */
function timeOf(stamp: string): number | null {
  const time = Date.parse(stamp);
  return Number.isNaN(time) || time <= 0 ? null : time;
}
