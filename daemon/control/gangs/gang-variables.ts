/**
 * What the nodes of a torchrun are told of each other. All nodes of a run are on one host, and share the network of the master's container (`network:
 * container:ID`): its loopback is theirs, every port there is free but the run's own, nothing else on the machine can reach it, no address of the engine's pool is
 * used up, and there is no network of ours that could be left behind.
 *
 * Nodes on several hosts will need the master's address as the other hosts reach it, a port that is free there, and the host's own network for each of them.
 * What differs is what `meetingPoint` answers, from where the jobs were placed, and the network of the container (steps/create-container.ts).
 */
import type { JobSpec } from '../../providers/job-spec.ts';

/** The one that torchrun takes where it is told none. */
const usualPort = 29_500;

/** Where the nodes meet. */
export function meetingPoint(master: Pick<JobSpec, 'ports'>): { hostname: string; port: number } {
  let port = usualPort;
  while (master.ports.some(({ container }) => container === port)) port++;
  return { hostname: '127.0.0.1', port };
}

/** The variables of a node; none for a job that is no node. `master`: the job of the run's first node. */
export function gangVariables(spec: Pick<JobSpec, 'gang'>, master: Pick<JobSpec, 'ports'>): Record<string, string> {
  if (!spec.gang) return {};
  const { hostname, port } = meetingPoint(master);
  const { rank, nodes } = spec.gang;
  return { MASTER_HOSTNAME: hostname, MASTER_PORT: String(port), NODE_RANK: String(rank), NODES: String(nodes) };
}
