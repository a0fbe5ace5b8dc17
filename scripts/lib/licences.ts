import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The licences of the packages whose files (`inputs`, relative to `root`) stand in the bundles: most ask that they go with every copy. */
export function licences(root: string, inputs: readonly string[]): string {
  const packages = new Set(inputs.flatMap((path) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.slice(0, 1) ?? []));
  const parts = [...packages].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Record<string, string>;
    const file = readdirSync(join(root, folder)).find((each) => /^licen[cs]e/i.test(each));
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(root, folder, file), 'utf8').trim();
    return `${name} ${version}\n\n${text}\n`;
  });
  return `dstack contains these packages.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
