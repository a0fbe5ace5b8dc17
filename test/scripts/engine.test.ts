/**
 * How the scripts make sure of a Docker Engine, branch by branch. The programs of the machine are stand-ins that say what they are called with: a test
 * cannot install and start services on the machine that runs it.
 */
import { chmodSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../support/command.ts';

const root = join(import.meta.dirname, '../..');
const shell = ['bash', 'timeout', 'grep', 'head', 'tail', 'sleep', 'mktemp', 'rm', 'cat', 'seq', 'env', 'chmod', 'dirname'];

/** Runs ensure_engine with only these programs (their scripts) on the PATH; `uid` is what `id -u` says. */
async function ensureEngine(programs: Record<string, string>, { uid = 0, before = '' }: { uid?: number; before?: string } = {}) {
  const bin = mkdtempSync(join(tmpdir(), 'bin-'));
  for (const name of shell) {
    const found = await command('sh', ['-c', `command -v ${name}`]);
    symlinkSync(found.stdout.trim(), join(bin, name));
  }
  const all = { id: `case $1 in -un) echo me;; *) echo ${uid};; esac`, ...programs };
  for (const [name, text] of Object.entries(all)) {
    writeFileSync(join(bin, name), `#!${join(bin, 'bash')}\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const script = `set -euo pipefail; root=${root}; . ${root}/scripts/lib/say.sh; . ${root}/scripts/lib/apt.sh; . ${root}/scripts/lib/engine.sh
has_systemd() { false; }; without_services() { "$@"; }; ${before}
ensure_engine`;
  const { code, stdout, stderr } = await command(join(bin, 'bash'), ['-c', script, 'scripts/demo'], { env: { PATH: bin, BIN: bin } });
  return { code, text: stdout + stderr };
}

const engineUp = 'case "$*" in *Server.Version*) echo 26.1.5;; *) echo unix:///var/run/docker.sock;; esac';
const debian = { 'dpkg-query': 'exit 1', 'apt-cache': 'echo "  Candidate: 1"' };
const noDockerd = 'no_dockerd() { :; }; eval "$(declare -f bring_up_engine | sed "s#/usr/sbin/dockerd#/nonexistent#" 2>/dev/null || true)"';
const withSed = { sed: 'exec /bin/sed "$@"' };

describe('a Docker Engine for the scripts', () => {
  test('one that runs is used as it is', async () => {
    expect(await ensureEngine({ docker: engineUp })).toMatchObject({ code: 0, text: expect.stringContaining('Docker Engine 26.1.5') });
  });

  test('DOCKER_HOST without an engine is said, and nothing else is tried', async () => {
    const { code, text } = await ensureEngine(
      { docker: 'echo "Cannot connect" >&2; exit 1' },
      { before: 'export DOCKER_HOST=unix:///gone' },
    );
    expect(code).not.toBe(0);
    expect(text).toContain('no Docker Engine answers at DOCKER_HOST=unix:///gone');
  });

  test('absent, not root: the very command', async () => {
    const { code, text } = await ensureEngine({ ...withSed, ...debian, 'apt-get': 'exit 9' }, { uid: 1000, before: noDockerd });
    expect(code).not.toBe(0);
    expect(text).toContain('sudo scripts/demo');
  });

  test('absent, another distribution: what to do', async () => {
    const { code, text } = await ensureEngine(withSed, { before: noDockerd });
    expect(code).not.toBe(0);
    expect(text).toContain('this is not Debian or Ubuntu');
  });

  test('absent, root on Debian: docker.io is installed, and started by systemd where there is one', async () => {
    const { code, text } = await ensureEngine(
      {
        ...withSed,
        ...debian,
        'apt-get': `case "$*" in *install*) echo "apt-get $*" >&3; printf '#!%s/bash\\n%s\\n' "$BIN" 'test -e $BIN/up || exit 1; ${engineUp}' >$BIN/docker; chmod 755 $BIN/docker;; esac`,
        systemctl: 'echo "systemctl $*" >&3; : >$BIN/up',
      },
      { before: `${noDockerd}; exec 3>&1; has_systemd() { true; }` },
    );
    expect(text).toMatch(/apt-get .*install .*docker\.io/);
    expect(text).toContain('systemctl start docker');
    expect({ code, text }).toMatchObject({ code: 0 });
  });

  test('you may not use it: both ways out', async () => {
    const denied = { docker: 'echo "permission denied while trying to connect" >&2; exit 1' };
    const { code, text } = await ensureEngine(denied, { uid: 1000 });
    expect(code).not.toBe(0);
    expect(text).toMatch(/sudo scripts\/demo[\s\S]*usermod -aG docker me/);
  });
});
