import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultConfig, readConfig } from '../../shared/config-file.ts';
import { pythonVersions } from '../../shared/workflow/model.ts';

function home(text?: string) {
  const dir = mkdtempSync(join(tmpdir(), 'config-'));
  if (text !== undefined) writeFileSync(join(dir, 'config.yaml'), text);
  return { dir, file: join(dir, 'config.yaml'), [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

async function problemsOf(text: string): Promise<string> {
  using h = home(text);
  const read = await readConfig(h.dir);
  expect(read).toMatchObject({ ok: false, failure: { code: 'config' } });
  return read.ok ? '' : read.failure.message.replaceAll(h.file, 'FILE');
}

test('an image for every version of Python, and sensible limits, by default', () => {
  const config = defaultConfig();
  expect(Object.keys(config.images).sort()).toEqual([...pythonVersions].sort());
  expect(config.images[config.defaultPython]).toBe('python:3.11');
  expect(config.mountRoots).toEqual([homedir(), '/data', '/mnt', '/scratch']);
  expect(config).toMatchObject({ gracePeriod: 10, minFreeDisk: 1e9, snapshot: { warnBytes: 200e6, maxBytes: 1e9 }, gcInterval: 86_400 });
});

test.each([
  ['no file', undefined],
  ['an empty file', ''],
  ['only comments', '# nothing yet\n'],
  ['keys without values', 'env:\nmounts:\nretention:\n'],
])('%s: the defaults', async (_, text) => {
  using h = home(text);
  expect(await readConfig(h.dir)).toEqual({ ok: true, value: defaultConfig() });
});

test('every key', async () => {
  using h = home();
  const pem = join(h.dir, 'lab.pem');
  writeFileSync(pem, '');
  writeFileSync(
    h.file,
    `images:
  3.10: registry.lab/python:3.10
  "3.11": registry.lab/python@sha256:00
default_python: 3.10
env:
  HTTPS_PROXY: http://proxy:3128
  COUNT: 007
  EMPTY: ""
ca_certificates: ${pem}
mount_roots: [/data/, ~/sets]
mounts:
  - ~/.cache/pip:/root/.cache/pip
  - /data/models:/models:ro
grace_period: 1m 30s
snapshot:
  warn_size: 50 MB
  max_size: 4GiB
min_free_disk: 500MB
retention:
  logs: 2w
  artifacts: 365d
  trees: never
  downloads: 60d
environments:
  max_size: 100GB
  max_downloads: 5GB
gc_interval: never
retry_delay: 30s
warning_period: 2m
inactivity_duration: 4h
code:
  version: 4.139.1
  server: /srv/code-server-{version}-{arch}.tar.gz
  sha256:
    x64: ${'0'.repeat(64)}
sample_every: 10s
gpus:
  attach: cdi
  busy_memory: 2GB
  read_every: 15s
  claim_timeout: 5m
`,
  );
  const read = await readConfig(h.dir);
  expect(read).toEqual({
    ok: true,
    value: {
      images: { ...defaultConfig().images, '3.10': 'registry.lab/python:3.10', '3.11': 'registry.lab/python@sha256:00' },
      defaultPython: '3.10',
      env: { HTTPS_PROXY: 'http://proxy:3128', COUNT: '007', EMPTY: '' },
      caCertificates: [pem],
      mountRoots: ['/data', join(homedir(), 'sets')],
      mounts: ['~/.cache/pip:/root/.cache/pip', '/data/models:/models:ro'],
      gracePeriod: 90,
      snapshot: { warnBytes: 50e6, maxBytes: 4 * 2 ** 30 },
      minFreeDisk: 500e6,
      retention: { logs: 14 * 86_400, artifacts: 365 * 86_400, trees: null, downloads: 60 * 86_400 },
      environments: { maxSize: 100e9, maxDownloads: 5e9 },
      gcInterval: null,
      retryDelay: 30,
      warningPeriod: 120,
      inactivityDuration: 4 * 3600,
      code: { version: '4.139.1', server: '/srv/code-server-{version}-{arch}.tar.gz', sha256: { x64: '0'.repeat(64) } },
      sampleEvery: 10,
      gpus: { attach: 'cdi', busyMemory: 2e9, readEvery: 15, claimTimeout: 300 },
      notify: [],
    },
  });
});

test('an empty list is one: no folder may be mounted', async () => {
  using h = home('mount_roots: []\n');
  expect(await readConfig(h.dir)).toMatchObject({ ok: true, value: { mountRoots: [] } });
});

test('all problems at once, each with its place, its line and a suggestion', async () => {
  const message = await problemsOf(`min_free_dsik: 1GB
min_free_disk: 10
retention:
  log: 90d
  trees: sometimes
default_python: 2.7
mounts:
  - data:/data
env:
  BAD-NAME: 1
  NOTHING:
gc_interval: 1s
sample_every: 0.1s
inactivity_duration: 0s
`);
  expect(message).toContain('The configuration has 11 problems.');
  expect(message).toContain(
    'FILE:1:1: `min_free_dsik` is not a key of the configuration\nmin_free_dsik: 1GB\n^^^^^^^^^^^^^\ndid you mean `min_free_disk`?',
  );
  expect(message).toContain('inactivity_duration 0s: this leaves no time');
  expect(message).toContain('FILE:2:16: min_free_disk 10: a size needs a unit');
  expect(message).toContain('FILE:4:3: `log` is not a key of retention');
  expect(message).toContain('did you mean `logs`?');
  expect(message).toContain('FILE:5:10: trees sometimes: this is not a duration');
  expect(message).toContain('90d, 12h), or never');
  expect(message).toContain('FILE:6:17: default_python 2.7: there is no such version');
  expect(message).toContain('FILE:8:5: mounts data:/data: the folder on the host');
  expect(message).toContain('FILE:10:3: env BAD-NAME: no variable can have this name');
  expect(message).toContain('FILE:11:3: env NOTHING: the value is missing');
  expect(message).toContain('FILE:12:14: gc_interval 1s: this is too often');
});

test.each([
  ['a list', '- images\n', 'FILE:1:1: the configuration must be a map'],
  ['a key given twice', 'grace_period: 1s\ngrace_period: 2s\n', 'FILE:2:1: `grace_period` is given twice'],
  ['a map that is a list', 'env:\n  - A=1\n', 'FILE:2:3: env must be a map'],
  ['a value that is a map', 'grace_period:\n  seconds: 1\n', 'FILE:2:3: grace_period must be a single value'],
  [
    'a certificate that is not there',
    'ca_certificates:\n  - /nonexistent/lab.pem\n',
    'FILE:2:5: ca_certificates /nonexistent/lab.pem: there is no such file',
  ],
  ['a relative root', 'mount_roots: [data]\n', 'FILE:1:15: mount_roots data: this path is not absolute'],
  ['no YAML', 'env: {A: 1\n', 'FILE:'],
])('%s is a problem', async (_, text, expected) => {
  expect(await problemsOf(text)).toContain(expected);
});

test('a key that is near none is reported with those that there are', async () => {
  expect(await problemsOf('xyzzy: 1\nretention: {forever: 1d}\n')).toMatch(
    /FILE:1:1: `xyzzy` is not a key of the configuration[\s\S]*its keys are images, default_python[\s\S]*FILE:2:13: `forever`[\s\S]*its keys are logs, artifacts, trees/,
  );
});

test('a file that cannot be read is a failure', async () => {
  using h = home();
  mkdirSync(h.file);
  expect(await readConfig(h.dir)).toMatchObject({
    ok: false,
    failure: { code: 'config', message: expect.stringContaining('config.yaml') },
  });
});
