/** The text of `config.yaml` as a Config. Loaded only when there is such a file (readConfig). */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { parseDocument } from 'yaml';
import type { Config } from './config.ts';
import { readNotifiers } from './config-notify.ts';
import { createReader } from './config-reader.ts';
import type { Keys, Reader } from './config-reader.ts';
import { fail, ok } from './result.ts';
import type { Result } from './result.ts';
import { expandHome, parseDuration, parseMount, parseSize, stripSlash } from './units.ts';
import { pythonVersions } from './workflow/model.ts';
import { renderProblems } from './workflow/problems.ts';
import { openSource, type Source } from './workflow/source.ts';
import { reportSyntax } from './workflow/syntax.ts';
import { buildTree } from './workflow/tree.ts';
import { parseEnvName, parsePython, parseVersion } from './workflow/values.ts';

/** The Config of a file's text, with `defaults` for what it leaves out. Fails with `config` and all problems at once. */
export function parseConfig(file: string, text: string, defaults: Config): Result<Config> {
  const source = openSource(file, text);
  // doubled and merge keys are the tree's business
  const doc = parseDocument(text, { uniqueKeys: false, prettyErrors: false });
  reportSyntax(doc, source);
  const config = source.problems.length === 0 ? assemble(createReader(source, buildTree(doc, source)), source, defaults) : defaults;
  const errors = source.problems.filter(({ severity }) => severity === 'error').toSorted((a, b) => a.line - b.line || a.column - b.column);
  if (errors.length === 0) return ok(config);
  const count = errors.length === 1 ? 'a problem' : `${errors.length} problems`;
  return fail('config', `The configuration has ${count}.\n\n${renderProblems(errors)}`, null);
}

/** Every key of the file, in its order in the README. */
const topKeys = [
  ...['images', 'default_python', 'env', 'ca_certificates', 'mount_roots', 'mounts'],
  ...['grace_period', 'snapshot', 'min_free_disk', 'retention', 'environments', 'gc_interval'],
  ...['retry_delay', 'warning_period', 'inactivity_duration', 'code', 'sample_every', 'gpus', 'notify'],
] as const;

function assemble(reader: Reader, source: Source, defaults: Config): Config {
  const { top, keysOf, scalar, list, pairs } = reader;
  const keys = keysOf(top, topKeys, 'the configuration');
  const snapshot = keysOf(keys.snapshot, ['warn_size', 'max_size'], 'snapshot');
  const retention = keysOf(keys.retention, ['logs', 'artifacts', 'trees', 'downloads'], 'retention');
  const environments = keysOf(keys.environments, ['max_size', 'max_downloads'], 'environments');
  const code = keysOf(keys.code, ['version', 'server', 'sha256'], 'code');
  const gpus = keysOf(keys.gpus, ['attach', 'busy_memory', 'read_every', 'claim_timeout'], 'gpus');
  const kept = (key: keyof Keys<'logs' | 'artifacts' | 'trees' | 'downloads'>): number | null =>
    scalar(retention[key], parseDurationOrNever, defaults.retention[key]);
  return {
    images: { ...defaults.images, ...pairs(keys.images, parsePython, parseImage, 'a map of Python versions to images: 3.11: python:3.11') },
    defaultPython: scalar(keys.default_python, parsePython, defaults.defaultPython),
    env: pairs(keys.env, parseEnvName, (value) => ok(value), 'a map of names to values: HTTPS_PROXY: http://proxy:3128'),
    caCertificates: list(keys.ca_certificates, parseFile) ?? defaults.caCertificates,
    mountRoots: list(keys.mount_roots, parsePath) ?? defaults.mountRoots,
    mounts: list(keys.mounts, parseMountText) ?? defaults.mounts,
    gracePeriod: scalar(keys.grace_period, parseDuration, defaults.gracePeriod),
    snapshot: {
      warnBytes: scalar(snapshot.warn_size, parseSize, defaults.snapshot.warnBytes),
      maxBytes: scalar(snapshot.max_size, parseSize, defaults.snapshot.maxBytes),
    },
    minFreeDisk: scalar(keys.min_free_disk, parseSize, defaults.minFreeDisk),
    retention: { logs: kept('logs'), artifacts: kept('artifacts'), trees: kept('trees'), downloads: kept('downloads') },
    environments: {
      maxSize: scalar(environments.max_size, parseSize, defaults.environments.maxSize),
      maxDownloads: scalar(environments.max_downloads, parseSize, defaults.environments.maxDownloads),
    },
    gcInterval: scalar(keys.gc_interval, parseInterval, defaults.gcInterval),
    retryDelay: scalar(keys.retry_delay, parseDuration, defaults.retryDelay),
    warningPeriod: scalar(keys.warning_period, parseDuration, defaults.warningPeriod),
    inactivityDuration: scalar(keys.inactivity_duration, parseLimitOrNever, defaults.inactivityDuration),
    code: {
      version: scalar(code.version, parseVersion, defaults.code.version),
      server: scalar(code.server, parseServer, defaults.code.server),
      // the usual sums are those of the usual archives
      sha256:
        code.version || code.server || code.sha256 ? pairs(code.sha256, parseArch, parseSum, 'sha256: {x64: …}') : defaults.code.sha256,
    },
    sampleEvery: scalar(keys.sample_every, parseSampling, defaults.sampleEvery),
    gpus: {
      attach: scalar(gpus.attach, parseAttach, defaults.gpus.attach),
      busyMemory: scalar(gpus.busy_memory, parseSize, defaults.gpus.busyMemory),
      readEvery: scalar(gpus.read_every, parseDuration, defaults.gpus.readEvery),
      claimTimeout: scalar(gpus.claim_timeout, parseDuration, defaults.gpus.claimTimeout),
    },
    notify: readNotifiers(keys.notify, reader, source),
  };
}

function parseDurationOrNever(text: string): Result<number | null> {
  if (text === 'never') return ok(null);
  const parsed = parseDuration(text);
  return parsed.ok ? parsed : fail(parsed.failure.code, parsed.failure.message, 'write a number and a unit (90d, 12h), or never');
}

function parseLimitOrNever(text: string): Result<number | null> {
  const parsed = parseDurationOrNever(text);
  return parsed.ok && parsed.value === 0 ? fail('bad_duration', 'this leaves no time', 'write for example 2h, or never') : parsed;
}

function parseInterval(text: string): Result<number | null> {
  const parsed = parseDurationOrNever(text);
  return parsed.ok && parsed.value !== null && parsed.value < 60
    ? fail('bad_duration', 'this is too often', 'write at least 1m, or never')
    : parsed;
}

function parseSampling(text: string): Result<number> {
  const parsed = parseDuration(text);
  if (!parsed.ok || (parsed.value >= 1 && parsed.value <= 60)) return parsed;
  return fail('bad_duration', 'samples are taken every 1 to 60 seconds', 'write for example 5s');
}

const attachments = ['auto', 'gpus', 'cdi'] as const;

function parseAttach(text: string): Result<(typeof attachments)[number]> {
  const found = attachments.find((name) => name === text);
  return found ? ok(found) : fail('bad_attach', 'this is no way to attach GPUs', `write one of ${attachments.join(', ')}`);
}

const parseImage = (text: string): Result<string> =>
  /^[^\s]+$/.test(text) ? ok(text) : fail('bad_image', 'this is not an image', `for example python:${pythonVersions.at(-1)}`);

/** The text itself, once it is known to be a mount. */
function parseMountText(text: string): Result<string> {
  const mount = parseMount(text);
  return mount.ok ? ok(text) : mount;
}

function parsePath(text: string): Result<string> {
  const path = stripSlash(expandHome(text, homedir()));
  return isAbsolute(path) ? ok(path) : fail('bad_path', 'this path is not absolute', 'begin it with / or ~/');
}

function parseFile(text: string): Result<string> {
  const path = parsePath(text);
  return path.ok && !existsSync(path.value) ? fail('bad_path', 'there is no such file', 'name a file in PEM format') : path;
}

/** A URL, or an absolute path; `{version}` and `{arch}` may be in both. */
function parseServer(text: string): Result<string> {
  if (/^https?:\/\/\S+$/.test(text)) return ok(text);
  const path = parsePath(text);
  return path.ok ? path : fail('bad_path', 'this is neither a URL nor an absolute path', 'name an archive (.tar.gz) or a folder');
}

const parseArch = (text: string): Result<string> =>
  ['x64', 'arm64'].includes(text) ? ok(text) : fail('bad_arch', 'there is no server for it', 'write x64 or arm64');

const parseSum = (text: string): Result<string> =>
  /^[0-9a-f]{64}$/i.test(text)
    ? ok(text.toLowerCase())
    : fail('bad_sum', 'this is no SHA-256', 'write the 64 hex digits that `sha256sum` prints');
