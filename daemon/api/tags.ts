import { z } from 'zod';
import type { Tag } from '../../shared/api.ts';
import { fail, ok } from '../../shared/result.ts';
import { importRun } from '../control/submit/import-run.ts';
import { nodePath } from '../artifacts/node-path.ts';
import { artifactsOf } from '../control/submit/resolve-deps.ts';
import type { RunRecord, TagRecord } from '../store/records.ts';
import type { Store } from '../store/store.ts';
import { shownProject } from '../users/namespace.ts';
import { noteDown } from './audit.ts';
import { findRun } from './find-run.ts';
import type { JsonHandler } from './handler.ts';
import { flag, inProject } from './params.ts';
import { projectOf } from './project.ts';

const tagName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}._-]{0,99}$/u, 'letters, digits, dots, dashes and underscores, not beginning with a dot');

const view = (record: TagRecord, run: RunRecord): Tag => ({
  tag: record.tag,
  run: run.name,
  workflow: run.workflow,
  project: shownProject(record.project),
  artifacts: artifactsOf(run).map(({ job, path }) => nodePath(job, path)),
  createdAt: new Date(record.createdAt).toISOString(),
});

const list = (store: Store, project: string): Tag[] =>
  store.tags.ofProject(project).flatMap((record) => {
    const run = store.runs.byId(record.runId);
    return run ? [view(record, run)] : [];
  });

export const tagsList: JsonHandler<'tagsList'> = {
  params: z.object({ ...inProject }),
  answer: async (api, request) => ok(list(api.store, projectOf(api, request))),
};

const onOtherMachine = [
  'The folder to tag is on your machine, and the daemon on another',
  'Copy it there and tag it there, or tag a run that saves it as an artifact',
] as const;

/** Names a run's artifacts, or local folders, which become a run of their own. */
export const tagsAdd: JsonHandler<'tagsAdd'> = {
  params: z.object({
    ...inProject,
    tag: tagName,
    run: z.string().optional(),
    dirs: z.array(z.object({ source: z.string(), path: z.string() })).optional(),
    force: flag,
  }),
  answer: async (api, request) => {
    const { store } = api;
    const project = projectOf(api, request);
    const { tag } = request;
    const existing = store.tags.get(project, tag);
    if (existing && !request.force) {
      const at = store.runs.byId(existing.runId)?.name ?? '?';
      return fail('tag_exists', `The tag '${tag}' already exists: it points to the run '${at}'`, 'Move it with: --force');
    }
    if ((request.run === undefined) === !request.dirs?.length) {
      return fail('nothing_named', 'Give either a run or folders (-a DIR) to tag', null);
    }
    const put = (run: RunRecord): Tag => {
      const record = { project, tag, runId: run.id, createdAt: api.parts.now() };
      return store.transaction(() => {
        const before = store.tags.get(project, tag);
        const left = before && before.runId !== run.id ? store.runs.byId(before.runId) : null;
        if (left) noteDown(api, 'untag', left, `the tag '${tag}' went to ${run.name}`);
        store.tags.put(record);
        return view(record, run);
      });
    };
    if (request.run === undefined && api.caller.elsewhere) return fail('other_machine', ...onOtherMachine);
    if (request.run === undefined) return importRun(api, request.projectDir, project, request.dirs ?? [], put);
    const found = findRun(api, request.run, 'own', project);
    if (!found.ok) return found;
    if (found.value.project !== project) {
      return fail(
        'other_project',
        `The run '${found.value.name}' belongs to the project '${shownProject(found.value.project)}'`,
        'Tag it there: tags are of one project, and deps may name `:owner/repo/tag`',
      );
    }
    return ok(put(found.value));
  },
};

export const tagsDelete: JsonHandler<'tagsDelete'> = {
  params: z.object({ ...inProject, tag: z.string() }),
  answer: async (api, request) => {
    const project = projectOf(api, request);
    const { store } = api;
    const deleted = store.transaction(() => {
      const run = store.runs.byId(store.tags.get(project, request.tag)?.runId ?? -1);
      // what had it is not protected from gc any more
      if (run) noteDown(api, 'untag', run, `the tag '${request.tag}' was deleted`);
      return store.tags.remove(project, request.tag);
    });
    if (deleted) return ok({ deleted: request.tag });
    return fail(
      'no_such_tag',
      `Cannot find the tag '${request.tag}' in the '${shownProject(project)}' project`,
      'See the tags with: dstack tags',
    );
  },
};
