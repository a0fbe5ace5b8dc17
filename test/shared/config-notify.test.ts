import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../shared/config-file.ts';
import { scratchDir } from '../support/scratch.ts';

async function read(text: string) {
  const dir = scratchDir('config');
  writeFileSync(join(dir, 'config.yaml'), text);
  const config = await readConfig(dir);
  return config.ok ? config.value.notify : config.failure.message.replaceAll(join(dir, 'config.yaml'), 'FILE');
}

const all = ['done', 'failed', 'stopped', 'aborted'];

test('nobody, one, or several are told', async () => {
  expect(await read('')).toEqual([]);
  expect(await read('notify:\n')).toEqual([]);
  expect(await read(`notify: {command: 'notify-send "$DSTACK_TEXT"'}`)).toEqual([
    { how: 'command', command: 'notify-send "$DSTACK_TEXT"', on: all, after: 0 },
  ]);
  const several = `notify:
  - webhook: https://hooks.example/services/T0/B0
    on: [failed, done]
    after: 1m
  - {command: mail me, on: failed}`;
  expect(await read(several)).toEqual([
    { how: 'webhook', url: 'https://hooks.example/services/T0/B0', on: ['failed', 'done'], after: 60 },
    { how: 'command', command: 'mail me', on: ['failed'], after: 0 },
  ]);
});

test.each([
  ['notify: {on: [failed]}', 'FILE:1:9: notify has neither a command nor a webhook'],
  ['notify: {command: a, webhook: https://b}', 'FILE:1:9: notify has a command and a webhook'],
  ['notify: {command: ""}', 'there is no command'],
  ['notify: {webhok: https://b}', 'did you mean `webhook`?'],
  ['notify: {webhook: https://b, on: [ended]}', 'on ended: no run ends with this status'],
  ['notify: notify-send', 'must be a map'],
])('%s: %s', async (text, problem) => {
  expect(await read(text)).toContain(problem);
});
