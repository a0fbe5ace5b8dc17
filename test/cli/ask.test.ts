/** Questions on a real terminal. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cliMain, daemonDouble, node, refuse, type DaemonDouble } from './support/daemon-double.ts';
import { openPty, type Pty } from './support/pty.ts';

let daemon: DaemonDouble;
beforeEach(async () => {
  daemon = await daemonDouble({
    stop: () => [],
    secretsAdd: ({ name, force }) => (force ? { name, createdAt: '2026-11-01T10:00:00.000Z' } : refuse('secret_exists', 'it exists')),
  });
});
afterEach(() => daemon.close());
const dstack = (...args: string[]): Pty => openPty(node, [cliMain, ...args], { cwd: daemon.home, env: daemon.env });

test('stop asks, and does nothing unless told so', async () => {
  using terminal = dstack('stop', 'calm-otter-3');
  await terminal.until('the question', (text) => text.endsWith('Stop calm-otter-3? [y/n]'));
  terminal.type('n');
  expect(await terminal.exit).toBe(1);
  expect(daemon.asked).toEqual([]);
  using second = dstack('stop', '-x', '-a');
  await second.until('the question', (text) => text.endsWith('Abort all unfinished runs of the project? [y/n]'));
  second.type('y');
  expect(await second.exit).toBe(0);
  expect(daemon.asked).toHaveLength(1);
});

test('-y does not ask', async () => {
  using terminal = dstack('stop', 'calm-otter-3', '-y');
  expect(await terminal.exit).toBe(0);
  expect(terminal.raw()).not.toContain('[y/n]');
});

test("a secret's value is never shown, can be corrected, and replaces only when asked", async () => {
  using terminal = dstack('secrets', 'add', 'HF');
  await terminal.until('the prompt', (text) => text.endsWith('Value of HF:'));
  terminal.type('wrong\x15s3cr3tt\x7f\r');
  await terminal.until('the question', (text) => text.endsWith("The secret 'HF' exists. Replace it? [y/n]"));
  terminal.type('y');
  expect(await terminal.exit).toBe(0);
  expect(daemon.asked.at(-1)?.params).toMatchObject({ name: 'HF', value: 's3cr3t', force: true });
  expect(terminal.raw()).not.toMatch(/s3cr|wrong/);
});

test('Ctrl+C gives a prompt up', async () => {
  using terminal = dstack('secrets', 'add', 'HF');
  await terminal.until('the prompt', (text) => text.endsWith('Value of HF:'));
  terminal.type('abc\x03');
  expect(await terminal.exit).toBe(2);
  expect(daemon.asked).toEqual([]);
});
