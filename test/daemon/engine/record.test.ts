import { mkdtemp, rm } from 'node:fs/promises';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLogs } from '../../../daemon/logs/file-logs.ts';
import { never, testContainers } from '../../support/containers.ts';

// The whole restart safety of the logs stands on this: what was recorded live is what the engine's own record holds, byte for byte.
const t = testContainers();
let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'dstack-record-'));
});
afterAll(async () => {
  await t.clean();
  await rm(dir, { recursive: true, force: true });
});

const characters = 'i=0; while [ $i -lt 9000 ]; do printf "漢é🎉"; i=$((i+1)); done';
const printed: [string, string][] = [
  ['short lines', 'seq 1 20000'],
  ['UTF-8 text', 'for i in $(seq 1 300); do echo "naïve – 漢字 🎉 line $i"; done'],
  ['bytes that are no text', 'head -c 200000 /dev/urandom'],
  ['bytes that are no text, as the terminal does not touch them', 'stty raw; head -c 200000 /dev/urandom'],
  ['a megabyte without a newline', 'head -c 1000000 /dev/zero | tr "\\0" x'],
  ['characters across the ends of records', characters],
  ['characters one byte off', `printf x; ${characters}`],
  ['characters two bytes off', `printf xx; ${characters}; echo; ${characters}`],
  ['lines as long as a record', 'for n in 16382 16383 16384 16385 32768; do head -c $n /dev/zero | tr "\\0" x; printf "漢\\n"; done'],
  ['progress bars', 'for i in $(seq 1 500); do printf "\\r%d%%|#####" $i; done; printf "\\ndone"'],
  ['half a character at the end', 'printf "end \\342\\202"'],
  ['nothing', 'true'],
];

it.each(printed)('%s', async (what, script) => {
  const id = { runId: printed.findIndex(([name]) => name === what), job: 0, attempt: 1 };
  const logs = createLogs({ dir, now: Date.now });
  const spec = t.spec(script);
  await t.engine.create(spec);
  const attached = await t.engine.attach(spec.name);
  const end = logs.recording(id, []).recordLive(attached.output);
  await t.engine.start(spec.name);
  await t.engine.wait(spec.name, never);
  expect(await end).toEqual({ complete: true });
  await logs.close(id);
  const live = await readFile(join(dir, String(id.runId), '0-1.log'));
  const engines = await buffer(await t.engine.logs(spec.name, false, never));
  expect(live.equals(engines)).toBe(true);
  expect(live.length > 0).toBe(what !== 'nothing');
  // and so a later daemon finds nothing to add
  const later = createLogs({ dir, now: Date.now });
  await later.recording(id, []).recordFrom(await t.engine.logs(spec.name, false, never));
  await later.close(id);
  expect(await later.size(id)).toBe(live.length);
});
