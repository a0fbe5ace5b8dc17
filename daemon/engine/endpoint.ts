import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from './engine.ts';

const system = '/var/run/docker.sock';

/**
 * Where the engine of this machine listens, as the `docker` command would find it: `$DOCKER_HOST`, else the endpoint of the current
 * context, else the system's socket, else that of a rootless engine. Nothing is tried: what is returned may not be there.
 */
export function findEndpoint(env: NodeJS.ProcessEnv): string {
  if (env['DOCKER_HOST']) return env['DOCKER_HOST'];
  const context = contextEndpoint(env);
  if (context) return context;
  const rootless = env['XDG_RUNTIME_DIR'] ? join(env['XDG_RUNTIME_DIR'], 'docker.sock') : null;
  return `unix://${rootless && !existsSync(system) && existsSync(rootless) ? rootless : system}`;
}

/** The endpoint of the context that `$DOCKER_CONTEXT` or the client's config names; null: none, or the default one. */
function contextEndpoint(env: NodeJS.ProcessEnv): string | null {
  const dir = env['DOCKER_CONFIG'] || join(env['HOME'] || homedir(), '.docker');
  const name = env['DOCKER_CONTEXT'] || readJson<{ currentContext?: string }>(join(dir, 'config.json'))?.currentContext;
  if (!name || name === 'default') return null;
  // the client names the folder of a context by the hash of its name
  const id = createHash('sha256').update(name).digest('hex');
  const meta = readJson<{ Endpoints?: { docker?: { Host?: string } } }>(join(dir, 'contexts', 'meta', id, 'meta.json'));
  return meta?.Endpoints?.docker?.Host || null;
}

function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return null; // absent or broken: the client would go on with its defaults too
  }
}

/** An endpoint in the terms of Node's HTTP client. Throws EngineError `other` for a kind that is not understood. */
export function addressOf(endpoint: string): { socketPath: string } | { host: string; port: number } {
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length) || system };
  const tcp = /^(?:tcp|http):\/\/(\[[0-9a-f:]+\]|[^:/]+)(?::(\d+))?\/?$/i.exec(endpoint);
  if (tcp?.[1]) return { host: tcp[1].replace(/^\[|\]$/g, ''), port: Number(tcp[2] ?? 2375) };
  throw new EngineError('other', `cannot speak to a Docker Engine at ${endpoint}: only unix:// and tcp:// endpoints are understood here`);
}
