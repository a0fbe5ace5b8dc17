import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { minorsOf } from '../gpu/lab/devices.ts';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

const script = join(import.meta.dirname, '../../scripts/test-gpu');

describe('scripts/test-gpu without a GPU fails, and says so in one sentence', () => {
  test.each([
    ['nvidia-smi that finds no GPU', 'echo "No devices were found"; exit 6', 'nvidia-smi finds none: No devices were found'],
    ['nvidia-smi without a driver', 'echo "NVIDIA-SMI has failed because…" >&2; exit 9', 'nvidia-smi finds none: NVIDIA-SMI has failed'],
    ['nvidia-smi that lists nothing', 'exit 0', 'nvidia-smi finds none'],
  ])('%s', async (_, text, said) => {
    const bin = scratchDir('bin');
    writeFileSync(join(bin, 'nvidia-smi'), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, 'nvidia-smi'), 0o755);
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
    const { code, stdout, stderr } = await command(script, [], { env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`this needs a machine with an NVIDIA GPU, and ${said}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

test('scripts/test-gpu --help says what it needs, and an option without its value is refused', async () => {
  const help = await command(script, ['--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(/--lab DIR[^]*--pack DIR/);
  expect(await command(script, ['--lab'])).toMatchObject({ code: 1, stderr: expect.stringContaining('--lab needs a value') });
});

test("a GPU's device file is the one that the driver numbers, not its place in the list", () => {
  const gpu = (uuid: string, minor: string) => `<gpu id="0"><uuid>${uuid}</uuid><minor_number>${minor}</minor_number></gpu>`;
  const xml = `<nvidia_smi_log>${gpu('GPU-a', '3')}${gpu('GPU-b', 'N/A')}</nvidia_smi_log>`;
  expect(minorsOf(xml)).toEqual([
    { uuid: 'GPU-a', minor: 3 },
    { uuid: 'GPU-b', minor: 1 },
  ]);
});
