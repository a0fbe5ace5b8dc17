import type { Ports, Workflow } from '../../shared/workflow/model.ts';
import type { JobSpec } from './job-spec.ts';

/** The first port inside a container where a workflow asks for a count of them: every job has a network of its own, so these are free. */
const firstPort = 10_000;

const portsOf = (ports: Ports | null): JobSpec['ports'] => {
  if (ports === null) return [];
  if (ports.kind === 'list') return ports.ports;
  return Array.from({ length: ports.count }, (_, i) => ({ container: firstPort + i, host: null }));
};

/** The parts of a job that every provider takes from the workflow as they are. Variables that have no value were filled in before. */
export function commonParts(workflow: Workflow): Omit<JobSpec, 'image' | 'start'> {
  const { resources } = workflow;
  return {
    registryAuth: workflow.registryAuth,
    env: Object.fromEntries(workflow.env.map((entry) => [entry.name, entry.value ?? ''])),
    workingDir: workflow.workingDir,
    artifacts: workflow.artifacts,
    mounts: workflow.mounts,
    ports: portsOf(workflow.ports),
    cpu: resources.cpu,
    memory: resources.memory,
    shmSize: resources.shmSize,
    gpu: resources.gpu,
  };
}
