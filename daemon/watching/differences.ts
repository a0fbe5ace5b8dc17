import type { JobSpec, RunSpec } from '../providers/job-spec.ts';

/** What of a job differs, in the words of the workflow file. */
const ofJob: Record<Exclude<keyof JobSpec, 'app' | 'gang'>, string> = {
  image: 'image',
  registryAuth: 'registry_auth',
  start: 'commands',
  env: 'env',
  workingDir: 'working_dir',
  artifacts: 'artifacts',
  mounts: 'mounts',
  ports: 'ports',
  cpu: 'cpu',
  memory: 'memory',
  shmSize: 'shm_size',
  gpu: 'gpu',
  environment: 'requirements or setup',
};
const ofRun = {
  deps: 'deps',
  interruptible: 'interruptible',
  maxDuration: 'max_duration',
  idleTimeout: 'idle_timeout',
  inactivityDuration: 'inactivity_duration',
  priority: 'priority',
  retry: 'retry',
} as const satisfies Partial<Record<keyof RunSpec, string>>;

/** In what a run would be another one, by the keys of the workflow file; none: it would be the same, but for its files. */
export function differences(before: RunSpec, after: RunSpec): string[] {
  const found = new Set<string>();
  if (before.templates.length !== after.templates.length) found.add('nodes');
  for (const [i, job] of after.templates.entries()) {
    const old = before.templates[i];
    if (!old) continue;
    for (const [key, word] of Object.entries(ofJob) as [keyof typeof ofJob, string][]) if (differ(old[key], job[key])) found.add(word);
    if (differ(old.app, job.app) || differ(old.gang, job.gang)) found.add('provider');
  }
  for (const [key, word] of Object.entries(ofRun) as [keyof typeof ofRun, string][]) if (differ(before[key], after[key])) found.add(word);
  for (const key of ['paths', 'ignore'] as const) if (differ(before.watch?.[key], after.watch?.[key])) found.add('watch');
  return [...found];
}

/** Absent and null are the same: a run of an earlier version lacks what came later. */
const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) !== JSON.stringify(b ?? null);
