import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandInside, jobScript, refersToVariables, shellQuote, stateMount } from '../../../daemon/providers/script.ts';

/** Runs a job's script with this machine's shell; its state folder is a temporary one. */
function runScript(commands: string[], exports: [string, string][] = []) {
  const dir = mkdtempSync(join(tmpdir(), 'script-'));
  const file = join(dir, 'script');
  writeFileSync(file, jobScript(commands, exports).replaceAll(stateMount, dir));
  const result = spawnSync('bash', [file], {
    env: { PATH: process.env['PATH'] ?? '', DSTACK_PATH: '/image/bin', HOME: '/h' },
    encoding: 'utf8',
  });
  return { code: result.status, stdout: result.stdout, exit: readFileSync(join(dir, 'exit'), 'utf8').trim() };
}

describe('the script of a job', () => {
  test('runs its commands in one shell, in order', () => expect(runScript(['cd /', 'x=1', 'echo $x $PWD']).stdout).toBe('1 /\n'));
  test('stops at the first that fails, with its code', () => {
    const { code, stdout, exit } = runScript(['echo a', '(exit 7)', 'echo b']);
    expect({ code, stdout, exit }).toEqual({ code: 7, stdout: 'a\n', exit: '7' });
  });
  test('leaves its exit code behind', () => expect(runScript(['true']).exit).toBe('0'));
  test.each(['bash', 'sh'])('ends with its own code where that cannot be left behind (%s)', (shell) => {
    const dir = mkdtempSync(join(tmpdir(), 'script-'));
    writeFileSync(join(dir, 'script'), jobScript(['echo a', 'exit 3'], []).replaceAll(stateMount, dir));
    mkdirSync(join(dir, 'exit.new')); // as on a full disk, the write fails
    const { status, stdout, stderr } = spawnSync(shell, [join(dir, 'script')], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 3, stdout: 'a\n', stderr: '' });
  });
  test('understands constructs over several lines', () =>
    expect(runScript(['for i in 1 2; do', '  echo $i', 'done']).stdout).toBe('1\n2\n'));
  test("keeps the image's PATH in front", () => expect(runScript(['echo $PATH']).stdout).toMatch(/^\/image\/bin:/));
  test('expands variables of the container once', () => {
    expect(runScript(['echo "$P"'], [['P', '/opt/x:$HOME/${HOME}/$(id)`id`"\'\\']]).stdout).toBe('/opt/x:/h//h/$(id)`id`"\'\\\n');
  });
});

describe('quoting', () => {
  const echoed = (word: string): string => execFileSync('sh', ['-c', `printf %s ${word}x`], { encoding: 'utf8' }).slice(0, -1);
  test('any text reaches the shell as it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 20 }).filter((s) => !s.includes('\0')),
        (text) => {
          expect(echoed(shellQuote(text))).toBe(text);
          if (!refersToVariables(text)) expect(echoed(expandInside(text))).toBe(text);
        },
      ),
      { numRuns: 60 },
    );
  });
});
