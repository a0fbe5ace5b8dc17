import { readFileSync } from 'node:fs';

/** Sent with every request and every answer, so that CLI and daemon know each other's version without asking. */
export const versionHeader = 'x-dstack-version';

/** This installation's version, from its package.json. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Below 0: `a` is older; 0: the same; above 0: newer. Semantic versions; a pre-release is older than its release. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (const i of [0, 1, 2]) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '') return 1;
  if (right.pre === '') return -1;
  return left.pre.localeCompare(right.pre, 'en', { numeric: true });
}

function parse(version: string): { numbers: number[]; pre: string } {
  const [core = '', ...pre] = version.replace(/^v/, '').replace(/\+.*$/, '').split('-');
  return { numbers: core.split('.').map((part) => Number.parseInt(part, 10) || 0), pre: pre.join('-') };
}
