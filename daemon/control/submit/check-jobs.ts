import { fail, ok, type Result } from '../../../shared/result.ts';
import { secretsUsed } from '../../../shared/workflow/interpolate.ts';
import { namesEnvironment } from '../../environments/environments.ts';
import type { JobSpec, ResolvedDep } from '../../providers/job-spec.ts';
import { shownProject } from '../../users/namespace.ts';
import { depsToMount, insideJob } from '../container-spec.ts';
import type { ControlParts } from '../parts.ts';
import { secretsOfJob } from '../secrets.ts';

/** What would fail only when the container is made is refused before: for new runs and repeated ones. */
export function checkJobs(
  parts: Pick<ControlParts, 'secretsOf'>,
  project: string,
  jobs: readonly JobSpec[],
  deps: readonly ResolvedDep[],
): Result<void> {
  const secrets = parts.secretsOf(project);
  if (!secrets.ok) return secrets;
  for (const job of jobs) {
    const missing = secretsOfJob(job).find((name) => !(name in secrets.value));
    if (missing !== undefined) {
      return fail(
        'no_such_secret',
        `The workflow uses the secret '${missing}', which the '${shownProject(project)}' project does not have`,
        `Add it with: dstack secrets add ${missing}`,
      );
    }
    const shown =
      job.start.kind === 'image' ? [...(job.start.entrypoint ?? []), ...(job.start.command ?? [])].flatMap(secretsUsed)[0] : undefined;
    if (shown !== undefined) {
      return fail(
        'secret_in_arguments',
        `The secret '${shown}' would show in the arguments of a process: 'entrypoint' gets the commands as an argument`,
        `Use the variable $${shown} instead, which every job has`,
      );
    }
    if (namesEnvironment(job.image)) {
      return fail(
        'no_image',
        `'${job.image}' is a cached environment, which is no image to start from by name`,
        "Name the image that it was made from, with the same 'requirements' and set-up: the run starts from the environment by itself.",
      );
    }
    const clash = sameTarget(job, deps);
    if (clash !== null) return clash;
  }
  return ok(undefined);
}

/** Two things at one path of the container; one's own artifact over a dep is none (the artifact begins as a copy of it). */
function sameTarget(job: JobSpec, deps: readonly ResolvedDep[]): Result<never> | null {
  const own = job.artifacts.map((artifact) => artifact.path);
  const nameOf = (runId: number): string => {
    const dep = deps.find((candidate) => candidate.runId === runId);
    return dep?.kind === 'tag' ? `the dep ':${dep.name}'` : `the dep '${dep?.name ?? ''}'`;
  };
  const all = [
    ...own.map((path) => ({ what: `the artifact '${path}'`, at: insideJob(job.workingDir, path) })),
    ...depsToMount(deps, own).map((dep) => ({ what: nameOf(dep.runId), at: insideJob(job.workingDir, dep.path) })),
    ...job.mounts.map((mount) => ({ what: `the mount of ${mount.source}`, at: mount.target })),
  ];
  const seen = new Map<string, string>();
  for (const { what, at } of all) {
    const before = seen.get(at);
    if (before !== undefined) {
      return fail('same_path', `Two things of the workflow would be at ${at}: ${before} and ${what}`, 'Give one of them another path');
    }
    seen.set(at, what);
  }
  return null;
}
