import { z } from 'zod';
import { projectName } from '../../shared/project.ts';
import { fail, ok } from '../../shared/result.ts';
import type { JsonHandler } from './handler.ts';
import { flag, projectDir } from './params.ts';

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'letters, digits and underscores, not beginning with a digit');

export const secretsList: JsonHandler<'secretsList'> = {
  params: z.object({ projectDir }),
  answer: async ({ store }, request) =>
    ok(store.secrets.list(projectName(request.projectDir)).map((s) => ({ name: s.name, createdAt: new Date(s.createdAt).toISOString() }))),
};

/** Sealed before it is stored. */
export const secretsAdd: JsonHandler<'secretsAdd'> = {
  params: z.object({ projectDir, name, value: z.string().min(1, 'a secret cannot be empty'), force: flag }),
  answer: async ({ store, secrets, parts }, request) => {
    const project = projectName(request.projectDir);
    const exists = store.secrets.list(project).some((secret) => secret.name === request.name);
    if (exists && !request.force) return fail('secret_exists', `The secret '${request.name}' already exists`, 'Replace it with: --force');
    const at = parts.now();
    store.secrets.put(project, request.name, secrets.seal(request.value, `${project}/${request.name}`), at);
    return ok({ name: request.name, createdAt: new Date(at).toISOString() });
  },
};

export const secretsDelete: JsonHandler<'secretsDelete'> = {
  params: z.object({ projectDir, name: z.string() }),
  answer: async ({ store }, request) => {
    const project = projectName(request.projectDir);
    if (store.secrets.remove(project, request.name)) return ok({ deleted: request.name });
    return fail(
      'no_such_secret',
      `The secret '${request.name}' doesn't exist in the '${project}' project`,
      'See them with: dstack secrets list',
    );
  },
};
