import type { Check } from '../../shared/api.ts';

/** The three ends of a check. `fix`: one or two commands for Debian and Ubuntu, or a short sentence. */
export const fine = (name: string, message: string): Check => ({ name, status: 'ok', message, fix: null });
export const warning = (name: string, message: string, fix: string): Check => ({ name, status: 'warning', message, fix });
export const problem = (name: string, message: string, fix: string): Check => ({ name, status: 'error', message, fix });

/** Is the first version (`v22.18.0`, `git version 2.39.5`, `20.10.24+dfsg1`) at least major.minor? False where it has no number. */
export function atLeast(version: string, major: number, minor: number): boolean {
  const [, first, second] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return first !== undefined && (Number(first) > major || (Number(first) === major && Number(second) >= minor));
}
