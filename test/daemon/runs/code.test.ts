/** VS Code's server from the config, mounted into images that have none. It is a fake one; test/servers has a real one. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { must } from '../../support/command.ts';
import { startDaemon } from '../../support/daemon.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';
import { untilStatus } from './fixture.ts';

let archive: string;
/** Says its words, the mode of its token's file and the extensions that are installed, and serves a page. */
const fakeServer = `#!/bin/sh
if [ "$2" = broken.extension ]; then echo "there is no $2"; exit 1; fi
if [ "$1" = --install-extension ]; then echo "$2$([ -e "$2" ] && echo ', which is here')" >>/extensions; exit; fi
echo "words $*"; [ -e /extensions ] && echo "extensions $(cat /extensions)"
while [ $# -gt 0 ]; do
  case $1 in --connection-token-file) echo "token $(cat "$2") of mode $(stat -c %a "$2")" ;; --port) port=$2 ;; esac
  shift
done
echo "variable \${DSTACK_CODE_TOKEN-none}"
mkdir /tmp/w && echo hello >/tmp/w/index.html && exec httpd -f -p "$port" -h /tmp/w
`;

beforeAll(async () => {
  const dir = scratchDir('c');
  mkdirSync(join(dir, 'server/bin'), { recursive: true });
  writeFileSync(join(dir, 'server/bin/openvscode-server'), fakeServer, { mode: 0o755 });
  archive = join(dir, 'server.tar.gz');
  await must('tar', ['-czf', archive, '-C', dir, 'server']);
});

test('is unpacked once and mounted; its token is in a file of its own user; extensions are installed into the environment', async () => {
  await using daemon = await startDaemon({ config: { code: { server: archive } } });
  const cwd = await projectWith(`- name: ide\n  provider: code\n  working_dir: src\n  extensions: [ms-python.python, ./own.vsix]`, {
    'src/own.vsix': 'x',
  });
  const name = (await daemon.cli(['run', 'ide', '-d'], { cwd })).stdout.trim();
  await untilStatus(daemon, cwd, name, 'running', 'failed');
  const { urls, reason } = await daemon.json<RunDetail>(['ps', name], { cwd });
  expect(urls, `${reason}\n${(await daemon.cli(['logs', name], { cwd })).stdout}`).toEqual([
    { name: 'code', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/\?tkn=[0-9a-f]{32}$/) as string },
  ]);
  expect(await waitFor(() => fetch(urls[0]?.url ?? '').then((answer) => answer.text()), 'the page')).toBe('hello\n');
  await daemon.cli(['stop', name, '-y'], { cwd });
  await untilStatus(daemon, cwd, name, 'stopped');
  const { stdout } = await daemon.cli(['logs', name], { cwd });
  expect(stdout).toMatch(/words --host 0\.0\.0\.0 --port 10000 .*--default-folder \/workflow\/src --telemetry-level off/);
  expect(stdout).toContain('extensions ms-python.python\n./own.vsix, which is here\n');
  expect(stdout).toContain('token ****** of mode 600\nvariable none\n');
});

test('an extension that cannot be installed is named; one of the project that is not there is refused', async () => {
  await using daemon = await startDaemon({ config: { code: { server: archive } } });
  const ide = (name: string, extensions: string): string => `- {name: ${name}, provider: code, extensions: ${extensions}}\n`;
  const cwd = await projectWith(ide('broken', '[ms-python.python, broken.extension]') + ide('missing', '[./own.vsix]'));
  const broken = await daemon.cli(['run', 'broken'], { cwd });
  expect([broken.code, broken.stdout]).toEqual([1, 'there is no broken.extension\n']);
  expect(broken.stderr).toContain(
    'the environment could not be built: the extension broken.extension could not be installed (exit code 1)',
  );
  const missing = await daemon.cli(['run', 'missing'], { cwd });
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("'own.vsix' that 'extensions' names does not exist in") as string,
  });
});

test('where there is neither a server nor pip for it, lab says so', async () => {
  await using daemon = await startDaemon();
  const cwd = await projectWith(`- {name: nb, provider: lab, image: "${tinyImage}"}`);
  const { code, stderr } = await daemon.cli(['run', 'nb'], { cwd });
  expect(code).toBe(127);
  expect(stderr).toContain('could not be built: the image has neither JupyterLab nor pip to install it with: use another image');
});

test('where there is none, and the image has none, the run says what to do', async () => {
  await using daemon = await startDaemon({ config: { code: { server: '/srv/missing-{version}.tar.gz' } } });
  const cwd = await projectWith(`- name: ide\n  provider: code\n  image: ${tinyImage}`);
  const { code, stderr } = await daemon.cli(['run', 'ide'], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain('failed: The VS Code server /srv/missing-1.109.5.tar.gz, which the config names, is not there. Put the server');
});
