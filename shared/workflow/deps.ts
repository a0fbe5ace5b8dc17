import { fail, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { DepRef } from './model.ts';
import { isName } from './values.ts';

const forms = 'write :tag, :owner/repo/tag, workflow or owner/repo/workflow';

/** `:tag`, `:owner/repo/tag`, `workflow`, `owner/repo/workflow`; `workflow:latest`, of an older dstack, is `workflow`. */
export function parseDep(text: string): Result<DepRef> {
  if (text.startsWith(':')) return parseDepName('tag', text.slice(1));
  const colon = text.indexOf(':');
  if (colon < 0) return parseDepName('workflow', text);
  const tag = text.slice(colon + 1);
  if (tag === 'latest') return parseDepName('workflow', text.slice(0, colon));
  return fail('bad_dep', 'a dep is either a workflow or a tag', isName(tag) ? `for the tag write :${tag}` : forms);
}

/** What stands behind the colon, or in `{tag: …}` and `{workflow: …}`: a name, or `owner/repo/name`. */
export function parseDepName(kind: DepRef['kind'], text: string): Result<DepRef> {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length !== 1 && parts.length !== 3) return fail('bad_dep', 'another project is named by owner and repo', forms);
  if (!isName(name)) return fail('bad_dep', name === '' ? `the name of the ${kind} is missing` : `no ${kind} can have this name`, forms);
  const project = parts.slice(0, -1);
  if (project.some((part) => !/^[\w.-]+$/.test(part) || /^\.+$/.test(part)))
    return fail('bad_dep', 'this is not the name of a project', forms);
  return ok({ kind, project: project.length > 0 ? project.join('/') : null, name });
}
