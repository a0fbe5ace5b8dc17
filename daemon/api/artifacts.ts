import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { InProject } from '../../shared/api.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { ArtifactFolder } from '../artifacts/artifacts.ts';
import { nodePath } from '../artifacts/node-path.ts';
import { artifactsOf } from '../control/submit/resolve-deps.ts';
import type { RunRecord } from '../store/records.ts';
import { findTarget } from './find-run.ts';
import type { ApiParts, JsonHandler, StreamHandler } from './handler.ts';
import { inProject } from './params.ts';
import { projectOf } from './project.ts';

const params = z.object({ ...inProject, target: z.string().min(1) });

const find = (api: ApiParts, request: InProject & { target: string }): Result<RunRecord> =>
  findTarget(api, projectOf(api, request), request.target, 'read');

const jobFolders = (run: RunRecord): { runId: number; job: number; folders: ArtifactFolder[] }[] =>
  run.spec.jobs.map((_, job) => ({
    runId: run.id,
    job,
    folders: artifactsOf(run).flatMap(({ job: of, key, path }) => (of === job ? [{ key, path: nodePath(job, path) }] : [])),
  }));

/** Every file that a run saved. */
export const artifactsList: JsonHandler<'artifactsList'> = {
  params,
  answer: async (api, request) => {
    const run = find(api, request);
    if (!run.ok) return run;
    const lists = await Promise.all(jobFolders(run.value).map((part) => api.artifacts.list(part.runId, part.job, part.folders)));
    return ok(lists.flat());
  },
};

/** The same as a tar. */
export const artifactsDownload: StreamHandler<'artifactsDownload'> = {
  params,
  stream: async (api, request, _, response) => {
    const run = find(api, request);
    if (!run.ok) return run;
    response.writeHead(200, { 'content-type': 'application/x-tar' });
    await pipeline(api.artifacts.tar(jobFolders(run.value)), response);
    return ok(undefined);
  },
};
