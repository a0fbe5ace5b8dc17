/** The validator's issues as problems of the file: each at its place, in the words of someone who writes workflow files. */
import type { z } from 'zod';
import type { ProviderName } from './model.ts';
import type { IssueParams } from './schema-forms.ts';
import type { Source } from './source.ts';
import { headOf, nodeAt, pointAt } from './tree.ts';
import type { MapTree, Tree } from './tree.ts';
import { unknownKey } from './unknown-keys.ts';
import { found, shown } from './words.ts';

type Issue = z.core.$ZodIssue;

export function reportIssues(issues: readonly Issue[], workflow: MapTree, provider: ProviderName | null, source: Source): void {
  for (const { issue, path } of issues.flatMap((one) => innermost(one, []))) {
    const { node, key, found: there } = nodeAt(workflow, path);
    const label = path.findLast((part) => typeof part === 'string') ?? '';
    // an alias that stands for nothing: said already
    if (node.kind === 'scalar' && node.broken) continue;
    if (issue.code === 'unrecognized_keys') {
      for (const name of issue.keys) {
        const { message, hint } = unknownKey(name, label, provider);
        source.report((node.kind === 'map' && node.entries.get(name)?.key) || node.span, message, hint);
      }
    } else if (!there) {
      const missing = String(path.at(-1));
      source.report(
        headOf(node),
        ...missingKey(missing, String(path.slice(0, -1).findLast((part) => typeof part === 'string') ?? ''), provider),
      );
    } else if (issue.code === 'custom') {
      const { hint, atKey } = readParams(issue.params);
      const value = atKey || node.kind !== 'scalar' ? '' : shown(node.text);
      // without a value to show, only the way to it says which one is meant
      const what = value === '' && !atKey ? path.filter((part) => typeof part === 'string').join('.') : `${label} ${value}`.trimEnd();
      source.report(atKey && key ? key : pointAt(node, key), `${what}: ${issue.message}`, hint);
    } else source.report(pointAt(node, key), `${label}: expected ${issue.message}, found ${found(node)}`, repair(node, label));
  }
}

/** Of a value that may have several forms, the issues of the form that it was meant to be; else the issue itself. */
function innermost(issue: Issue, parents: PropertyKey[]): { issue: Issue; path: PropertyKey[] }[] {
  const path = [...parents, ...issue.path];
  const meant = issue.code === 'invalid_union' ? issue.errors.find(isMeant) : undefined;
  return meant ? meant.flatMap((one) => innermost(one, path)) : [{ issue, path }];
}

const isMeant = (issues: readonly Issue[]): boolean =>
  !issues.some(
    (issue) =>
      issue.path.length === 0 && (issue.code === 'invalid_type' || (issue.code === 'invalid_union' && !issue.errors.some(isMeant))),
  );

const readParams = (params: Record<string, unknown> | undefined): IssueParams => ({
  hint: typeof params?.['hint'] === 'string' ? params['hint'] : null,
  atKey: params?.['atKey'] === true,
});

function missingKey(key: string, under: string, provider: ProviderName | null): [string, string | null] {
  if (under !== '') return [`\`${under}\` needs \`${key}\``, null];
  if (key === 'name') return ['this workflow has no `name`', 'add `name: …`, which `dstack run` calls it by'];
  const example = key === 'commands' ? 'for example `commands: [python train.py]`' : key === 'image' ? 'for example `image: ubuntu`' : null;
  return [`a ${provider ?? ''} workflow needs \`${key}\``, example];
}

/** What slip of YAML may have led to a value of the wrong kind. */
function repair(node: Tree, label: string): string | null {
  if (node.kind === 'scalar' && node.value === null) return `remove \`${label}\`, or give it a value`;
  if (node.kind === 'scalar' && typeof node.value === 'string' && /^[\w-]+:[^\s:]/.test(node.text) && label !== 'ports') {
    return `a space belongs behind the colon: \`${shown(node.text.replace(':', ': '))}\``;
  }
  if (node.kind === 'scalar' && typeof node.value === 'string' && /^(yes|no|on|off|true|false)$/i.test(node.value)) {
    return `write ${/^(yes|on|true)$/i.test(node.value) ? 'true' : 'false'}, without quotes`;
  }
  if (node.kind === 'map' && ['commands', 'setup', 'before_run'].includes(label))
    return 'the `: ` makes a map of it: put the command into quotes';
  if (node.kind === 'map' && label === 'env') {
    const [[name, entry] = ['NAME', null]] = node.entries;
    return `write \`${name}=${entry?.value.kind === 'scalar' ? shown(entry.value.text) : 'VALUE'}\`, or remove the dashes`;
  }
  return null;
}
