/**
 * Engines of other versions: how they are fetched, with stand-ins for what speaks to the mirror. `scripts/test --engine VERSION` itself is run by hand.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { scratchDir } from '../support/scratch.ts';

const root = join(import.meta.dirname, '../..');

/** Runs engine_folder with these programs in front of the PATH; `installed`: the version of the machine's own dockerd. */
async function engineFolder(version: string, programs: Record<string, string>, installed = '20.10.24') {
  const dir = scratchDir('engines');
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const all = { 'dpkg-query': 'exit 1', dockerd: `echo "Docker version ${installed}+dfsg1, build 1"`, ...programs };
  for (const [name, text] of Object.entries(all)) {
    writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const script = `set -euo pipefail; for part in say apt engines; do . ${root}/scripts/lib/$part.sh; done; engine_folder ${version}`;
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}`, XDG_CACHE_HOME: join(dir, 'cache'), CALLS: join(dir, 'calls') };
  const { code, stdout, stderr } = await command('bash', ['-c', script, 'scripts/test'], { env });
  const cache = join(dir, 'cache/dstack-local/engines');
  return { code, stdout, stderr, cache, kept: existsSync(cache) ? readdirSync(cache) : [], calls: join(dir, 'calls') };
}

const mirror = 'case "$*" in *indextargets*) echo http://mirror.example/debian/; exit;; esac';
/** dpkg -x PACKAGE DIR: as if the packages had been there */
const unpacked = (version: string) => `[ "$1" = -x ] || exec /usr/bin/dpkg "$@"
mkdir -p $3/usr/bin $3/usr/sbin
for name in sbin/dockerd sbin/runc bin/containerd bin/containerd-shim-runc-v2 bin/tini-static; do
  printf '#!/bin/sh\\necho Docker version ${version}, build 2\\n' >$3/usr/$name; chmod 755 $3/usr/$name
done
printf '#!/bin/sh\\nexit 1\\n' >$3/usr/sbin/runc`;
const download = `${mirror}; case "$*" in *download*) : >one.deb;; esac`;

describe('an engine of another version', () => {
  test('is fetched from the release that has it, whole, without a runc that does not run here', async () => {
    const { code, stdout, stderr, cache, kept } = await engineFolder('26.1', { 'apt-get': download, dpkg: unpacked('26.1.5') });
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: join(cache, '26.1') });
    expect(kept).toEqual(['26.1']);
    expect(readdirSync(stdout).toSorted()).toEqual(['containerd', 'containerd-shim-runc-v2', 'docker-init', 'dockerd']);
    expect(stderr).toContain('from Debian trixie');
  });

  test('is the installed one where that is of this version', async () => {
    expect(await engineFolder('20.10', { 'apt-get': 'exit 9' })).toMatchObject({ code: 0, stdout: '', kept: [] });
  });

  test('a download that fails leaves nothing', async () => {
    const failing = `${mirror}; case "$*" in *download*) : >half.deb; echo "no route" >&2; exit 100;; esac`;
    const { code, stderr, kept } = await engineFolder('28.5', { 'apt-get': failing });
    expect(code).toBe(1);
    expect(stderr).toMatch(/no route[^]*apt-get download docker\.io.* failed/);
    expect(kept).toEqual([]);
  });

  test('that the release no longer has is refused', async () => {
    const { code, stderr, kept } = await engineFolder('28.5', { 'apt-get': download, dpkg: unpacked('29.1.0') });
    expect(code).toBe(1);
    expect(stderr).toContain('Debian sid has Docker Engine 29.1.0 now, not 28.5');
    expect(kept).toEqual([]);
  });
});

test('scripts/test --engine lists the versions that it knows', async () => {
  for (const wanted of [['--engine', '19.03'], ['--engine=19.03'], ['--engine']]) {
    const { code, stdout, stderr } = await command(join(root, 'scripts/test'), wanted);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/known are 20\.10, 26\.1, 28\.5/);
  }
});
