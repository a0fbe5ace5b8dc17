import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Config } from './config.ts';
import { homeFiles } from './home.ts';
import { fail, messageOf, ok } from './result.ts';
import type { Result } from './result.ts';
import { pythonVersions } from './workflow/model.ts';

const day = 86_400;

/** The checksums are those that GitHub shows beside the archives. */
const usualServer: Config['code'] = {
  version: '1.109.5',
  server:
    'https://github.com/gitpod-io/openvscode-server/releases/download/openvscode-server-v{version}/openvscode-server-v{version}-linux-{arch}.tar.gz',
  sha256: {
    x64: 'b433bf4f0227321a7014d8460d10a8f958adc0f45aa79bd889e84e65e8f88363',
    arm64: '36d9c14036489b63de84ebace837fcacf7e60e669a0dc715802c5443684ea4dc',
  },
};

/** What holds where the file says nothing. The images are the public library's full ones: they have git and a compiler, which `pip install` often needs. */
export function defaultConfig(): Config {
  return {
    images: Object.fromEntries(pythonVersions.map((version) => [version, `python:${version}`])),
    defaultPython: '3.11',
    env: {},
    caCertificates: [],
    mountRoots: [homedir(), '/data', '/mnt', '/scratch'],
    mounts: [],
    gracePeriod: 10,
    snapshot: { warnBytes: 200e6, maxBytes: 1e9 },
    minFreeDisk: 1e9,
    retention: { logs: 90 * day, artifacts: null, trees: 7 * day, downloads: 30 * day },
    environments: { maxSize: 50e9, maxDownloads: 20e9 },
    gcInterval: day,
    retryDelay: 10,
    warningPeriod: 60,
    inactivityDuration: null,
    code: usualServer,
    sampleEvery: 5,
    gpus: { attach: 'auto', busyMemory: 1e9, readEvery: 5, claimTimeout: 60 },
    notify: [],
  };
}

/**
 * The configuration of an installation. No file, or an empty one: the defaults. Fails with `config`: the message has every problem as
 * `file:line:col` with its line, over several lines.
 */
export async function readConfig(home: string): Promise<Result<Config>> {
  const file = homeFiles(home).config;
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(defaultConfig());
    return fail('config', `Cannot read the configuration ${file}: ${messageOf(error)}`, 'Make it a file that you may read.');
  }
  if (text.trim() === '') return ok(defaultConfig());
  // the parser is loaded only where there is something to parse
  const { parseConfig } = await import('./config-parse.ts');
  return parseConfig(file, text, defaultConfig());
}
