import { providerNames } from './model.ts';
import type { ProviderName } from './model.ts';
import type { Source } from './source.ts';
import { nearest } from './suggest.ts';
import { headOf, pointAt, textOf } from './tree.ts';
import type { MapTree } from './tree.ts';
import { found, listed, shown } from './words.ts';

/** A workflow's provider, or null with a problem where there is none of that name. `names`: those of all workflows. */
export function providerOf(tree: MapTree, source: Source, names: ReadonlySet<string>): ProviderName | null {
  const entry = tree.entries.get('provider');
  const name = textOf(entry?.value);
  const provider = providerNames.find((one) => one === name);
  if (provider) return provider;
  const guess = tree.entries.has('image') ? 'docker' : tree.entries.has('commands') ? 'bash' : null;
  if (!entry)
    source.report(
      headOf(tree),
      'this workflow has no `provider`',
      guess ? `add \`provider: ${guess}\`` : `add one of ${listed(providerNames, 'or')}`,
    );
  else if (name === null)
    source.report(pointAt(entry.value, entry.key), `provider: expected one of ${listed(providerNames, 'or')}, found ${found(entry.value)}`);
  else {
    const near = nearest(name, providerNames);
    const others = `the providers are ${listed(providerNames)}`;
    if (names.has(name))
      source.report(
        entry.value.span,
        `\`${shown(name)}\` is a workflow, not a provider`,
        `${others}; to use what \`${shown(name)}\` has saved, put it into \`deps\``,
      );
    else source.report(entry.value.span, `there is no provider \`${shown(name)}\``, near ? `did you mean \`${near}\`?` : others);
  }
  return null;
}
