import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parse } from 'yaml';
import { jsonSchema } from '../../../shared/workflow/schema.ts';

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const schema = z.fromJSONSchema(jsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const valid = (text: string): boolean => schema.safeParse(parse(text)).success;

test('shared/workflow.schema.json is fresh', async () => {
  expect(JSON.parse(await readFile(root('shared/workflow.schema.json'), 'utf8'))).toEqual(jsonSchema());
  await expect(promisify(execFile)(process.execPath, [root('scripts/schema.ts'), '--check'])).resolves.toMatchObject({ stderr: '' });
});

test.each([
  'workflows: []',
  'workflows:\n- {name: a, provider: bash, commands: [ls], python: 3.11, artifacts: [x, {path: y}], deps: [":t", {workflow: w}], env: {A: 1, B: null}}',
  'workflows:\n- {name: a, provider: docker, image: ubuntu, ports: ["8000:80", 3000], resources: {gpu: {name: A100}, memory: 16GB}}',
  'workflows:\n- {name: a, provider: torchrun, file: a.py, nodes: 2}',
])('an editor accepts %j', (text) => {
  expect(valid(text)).toBe(true);
});

test.each([
  'workflow: []',
  'workflows:\n- {name: a, provider: bash}',
  'workflows:\n- {name: a, provider: bash, commands: [ls], artifiacts: [x]}',
  'workflows:\n- {name: a, provider: slurm, commands: [ls]}',
  'workflows:\n- {name: a, provider: bash, commands: [ls], resources: {memory: 16}}',
  'workflows:\n- {name: a, provider: lab, commands: [ls]}',
])('an editor marks %j', (text) => {
  expect(valid(text)).toBe(false);
});

test('every key is described', () => {
  const definitions = (
    jsonSchema() as {
      definitions: Record<
        string,
        { properties?: object; oneOf?: { properties: Record<string, { $ref?: string; description?: string }> }[] }
      >;
    }
  ).definitions;
  const workflows = Object.values(definitions)
    .flatMap((definition) => definition.oneOf ?? [])
    .filter((one) => 'provider' in (one.properties ?? {}));
  expect(workflows).toHaveLength(6);
  for (const { properties } of workflows) {
    for (const [key, property] of Object.entries(properties)) {
      const described =
        property.description ?? (definitions[property.$ref?.split('/').at(-1) ?? ''] as { description?: string } | undefined)?.description;
      expect([key, described]).toEqual([key, expect.stringMatching(/\w/)]);
    }
  }
});
