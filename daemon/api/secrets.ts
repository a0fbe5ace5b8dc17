import { z } from 'zod';
import { fail, ok } from '../../shared/result.ts';
import { shownProject } from '../users/namespace.ts';
import type { JsonHandler } from './handler.ts';
import { flag, inProject } from './params.ts';
import { projectOf } from './project.ts';

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'letters, digits and underscores, not beginning with a digit');

export const secretsList: JsonHandler<'secretsList'> = {
  params: z.object({ ...inProject }),
  answer: async (api, request) =>
    ok(api.store.secrets.list(projectOf(api, request)).map((s) => ({ name: s.name, createdAt: new Date(s.createdAt).toISOString() }))),
};

/** Sealed before it is stored. */
export const secretsAdd: JsonHandler<'secretsAdd'> = {
  params: z.object({ ...inProject, name, value: z.string().min(1, 'a secret cannot be empty'), force: flag }),
  answer: async (api, request) => {
    const { store, secrets, parts } = api;
    const project = projectOf(api, request);
    const exists = store.secrets.list(project).some((secret) => secret.name === request.name);
    if (exists && !request.force) return fail('secret_exists', `The secret '${request.name}' already exists`, 'Replace it with: --force');
    const at = parts.now();
    store.secrets.put(project, request.name, secrets.seal(request.value, `${project}/${request.name}`), at);
    return ok({ name: request.name, createdAt: new Date(at).toISOString() });
  },
};

export const secretsDelete: JsonHandler<'secretsDelete'> = {
  params: z.object({ ...inProject, name: z.string() }),
  answer: async (api, request) => {
    const project = projectOf(api, request);
    if (api.store.secrets.remove(project, request.name)) return ok({ deleted: request.name });
    return fail(
      'no_such_secret',
      `The secret '${request.name}' doesn't exist in the '${shownProject(project)}' project`,
      'See them with: dstack secrets list',
    );
  },
};
