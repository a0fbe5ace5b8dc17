/**
 * Writes shared/workflow.schema.json, the JSON Schema of a workflow file, from the schemas in shared/workflow.
 * With --check it writes nothing and exits 1 where the file is stale.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { jsonSchema } from '../shared/workflow/schema.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
const path = fileURLToPath(new URL('../shared/workflow.schema.json', import.meta.url));
const fresh = `${JSON.stringify(jsonSchema(), null, 2)}\n`;

function read(): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

if (values.help)
  console.log('Usage: node scripts/schema.ts [--check]\nWrites shared/workflow.schema.json; with --check, exits 1 where it is stale.');
else if (!values.check) writeFileSync(path, fresh);
else if (read() !== fresh) {
  console.error('shared/workflow.schema.json is stale: run node scripts/schema.ts');
  process.exitCode = 1;
}
