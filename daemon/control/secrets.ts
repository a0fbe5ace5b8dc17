import { ok, type Result } from '../../shared/result.ts';
import { interpolate, secretsAsVariables, secretsUsed, type Values } from '../../shared/workflow/interpolate.ts';
import type { JobSpec } from '../providers/job-spec.ts';
import { specOf, type Attempt } from './attempt.ts';
import type { ControlParts } from './parts.ts';

/** Every string of `value` with the references of `values` filled in. Fails for a secret that is not there. */
export function fillIn<T>(value: T, values: Values): Result<T> {
  let failed: Result<never> | null = null;
  const visit = (part: unknown): unknown => {
    if (typeof part === 'string') {
      const filled = interpolate(part, values);
      if (filled.ok) return filled.value;
      failed ??= filled;
      return part;
    }
    if (Array.isArray(part)) return part.map(visit);
    if (part !== null && typeof part === 'object') return Object.fromEntries(Object.entries(part).map(([key, v]) => [key, visit(v)]));
    return part;
  };
  const filled = visit(value) as T;
  return failed ?? ok(filled);
}

/** All the names of secrets that a job refers to. */
export const secretsOfJob = (spec: JobSpec): string[] => {
  const strings: string[] = [];
  fillStrings(spec, strings);
  return strings.flatMap(secretsUsed);
};

/** name → what stands for the value of a project's secret where the value itself must not be. */
export function secretMarks(parts: Pick<ControlParts, 'secretsOf' | 'secretBox'>, project: string): Result<Record<string, string>> {
  const secrets = parts.secretsOf(project);
  if (!secrets.ok) return secrets;
  const marks: Record<string, string> = {};
  for (const [name, value] of Object.entries(secrets.value)) {
    const mark = parts.secretBox.mark(value);
    if (!mark.ok) return mark;
    marks[name] = mark.value;
  }
  return ok(marks);
}

function fillStrings(part: unknown, into: string[]): void {
  if (typeof part === 'string') into.push(part);
  else if (part !== null && typeof part === 'object') for (const inner of Object.values(part)) fillStrings(inner, into);
}

/** The spec of an attempt with its secrets in place: only for the hands of the engine, never for the store. */
export function specWithSecrets(parts: ControlParts, attempt: Attempt): Result<{ spec: JobSpec; secrets: Record<string, string> }> {
  const secrets = parts.secretsOf(attempt.run.project);
  if (!secrets.ok) return secrets;
  const template = specOf(attempt);
  const { start } = template;
  const spec = fillIn(template, { secrets: secrets.value });
  if (!spec.ok) return spec;
  // a script lies on disk: it refers to the variables that every job has
  const filled: JobSpec =
    start.kind === 'script' ? { ...spec.value, start: { kind: 'script', commands: start.commands.map(secretsAsVariables) } } : spec.value;
  return ok({ spec: filled, secrets: secrets.value });
}

/** Values with a secret in them are taken as they are: what a secret holds is never read as a variable. */
export const takenLiterally = (template: string): boolean => secretsUsed(template).length > 0;
