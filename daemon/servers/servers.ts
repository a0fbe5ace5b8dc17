/**
 * The VS Code server of the config, as a folder of ours that containers get mounted read-only: unpacked once for all images, and there at once. Nothing of it is
 * remembered: a folder under its own name is whole, since it is renamed to that last,
 * when all of it is on the disk.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../shared/config.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { ServerSpec } from '../providers/job-spec.ts';
import { removeAll } from '../remove-all.ts';
import { diskUse } from '../snapshots/disk-use.ts';
import type { Progress } from './unpack.ts';

export interface Servers {
  /**
   * The folder to mount for a job with this image (an id), downloaded or unpacked first where it is not here yet; null: none is needed, the image has a server.
   * Fails with `no_server`, which says what to do in a lab without Internet.
   */
  provide(spec: ServerSpec, image: string, onProgress: (progress: Progress) => void, signal: AbortSignal): Promise<Result<string | null>>;
  /** the unpacked ones, bytes on disk; `current`: the config means it */
  use(): Promise<{ name: string; bytes: number; current: boolean }[]>;
  /** of those; missing: nothing happens */
  remove(name: string): Promise<void>;
}

export interface ServersOptions {
  /** where they are unpacked */
  dir: string;
  config(): Config['code'];
  /** whether an image has a VS Code server of its own */
  hasOwn(image: string): Promise<boolean>;
  /** as the archives name it: `x64`, `arm64` */
  arch: string;
}

export function createServers({ dir, config, hasOwn, arch }: ServersOptions): Servers {
  const underWay = new Map<string, Promise<Result<void>>>();
  let tidied: Promise<void> | null = null;

  /** Where a server lies, or will when it is unpacked. */
  const locate = (wanted: ReturnType<typeof whichServer>): Result<{ folder: string; place: string; sha256: string | null }> => {
    if (!wanted.ok) return wanted;
    const { place, sha256, version } = wanted.value;
    const isUrl = place.startsWith('http');
    if (!isUrl && isFolder(place)) return hasServer(place) ? ok({ folder: place, place, sha256 }) : noServerIn(place);
    const stamp = isUrl ? '' : stampOf(place);
    if (stamp === null) return fail('no_server', `The VS Code server ${place}, which the config names, is not there`, hint);
    const hash = createHash('sha256').update(JSON.stringify([place, sha256, stamp]));
    return ok({ folder: join(dir, `code-${version}-${arch}-${hash.digest('hex').slice(0, 8)}`), place, sha256 });
  };

  const servers: Servers = {
    async provide(spec, image, onProgress, signal) {
      const found = locate(whichServer(config(), spec.version, arch));
      // what is here is mounted, whether or not the image's own comes first
      if (found.ok && existsSync(found.value.folder)) return ok(found.value.folder);
      if (spec.version === null && (await hasOwn(image))) return ok(null);
      if (!found.ok) return found;
      const { folder, place, sha256 } = found.value;
      await (tidied ??= removeUnfinished(dir));
      const others = underWay.get(folder);
      const work = others ?? unpack(folder, place, sha256, onProgress, signal);
      if (!others) {
        underWay.set(folder, work);
        const done = (): void => void underWay.delete(folder);
        work.then(done, done);
      }
      const unpacked = await Promise.race([work, aborted(signal)]);
      if (unpacked.ok) return ok(folder);
      // whoever was at it gave up: that is no reason to do so, too
      return others && !signal.aborted ? servers.provide(spec, image, onProgress, signal) : unpacked;
    },

    async use() {
      const names = (await readdir(dir).catch(() => [])).filter((name) => !underWay.has(join(dir, name.replace(/\.new$/, ''))));
      const current = locate(whichServer(config(), null, arch));
      const sizes = await diskUse(names.map((name) => join(dir, name)));
      return names.map((name, i) => ({ name, bytes: sizes[i] ?? 0, current: current.ok && current.value.folder === join(dir, name) }));
    },

    remove: (name) => removeAll(join(dir, name)),
  };
  return servers;
}

const aborted = (signal: AbortSignal): Promise<Result<never>> =>
  new Promise((resolve) => {
    const give = (): void => resolve(fail('no_server', 'The wait for the VS Code server was given up', null));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });

async function unpack(
  folder: string,
  place: string,
  sha256: string | null,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  const fresh = `${folder}.new`;
  await mkdir(fresh, { recursive: true, mode: 0o755 });
  // what it needs is loaded where there is something to unpack
  const [{ unpackFrom }, { settle }] = await Promise.all([import('./unpack.ts'), import('./settle.ts')]);
  const unpacked = await unpackFrom(place, fresh, sha256, onProgress, signal);
  const found = !unpacked.ok ? unpacked : hasServer(fresh) ? await settle(fresh) : noServerIn(place);
  if (!found.ok) {
    await removeAll(fresh);
    const { code, message } = found.failure;
    return fail(code, message, hint);
  }
  await rename(fresh, folder);
  return ok(undefined);
}

const hint =
  "Put the server's archive on this machine and name it in the config: `code: {server: /path/to/openvscode-server.tar.gz}`; or use an image that has openvscode-server or code-server";

/** The names under which servers start, below `bin`. */
const programs = ['openvscode-server', 'code-server'];

const hasServer = (folder: string): boolean => programs.some((program) => existsSync(join(folder, 'bin', program)));
const noServerIn = (place: string): Result<never> =>
  fail('no_server', `There is no bin/openvscode-server and no bin/code-server in ${place}`, hint);

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

/** Changes with the file; null: there is none. */
function stampOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.size}-${stat.mtimeMs}` : null;
}

/** Where the server of this version and kind of machine comes from. Fails where the config's place is of one version, and another is asked for. */
export function whichServer(
  { version: usual, server, sha256 }: Config['code'],
  asked: string | null,
  arch: string,
): Result<{ place: string; sha256: string | null; version: string }> {
  const version = asked ?? usual;
  if (version !== usual && !server.includes('{version}')) {
    const message = `The config has the VS Code server of version ${usual} (${server}), and the workflow asks for ${version}`;
    return fail('no_server', message, 'Write {version} into `code.server` of the config, or leave `version` out');
  }
  const place = server.replaceAll('{version}', version).replaceAll('{arch}', arch);
  return ok({ place, version, sha256: version === usual ? (sha256[arch] ?? null) : null });
}

/** What a daemon left that was killed at it. */
async function removeUnfinished(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  for (const name of names.filter((one) => one.endsWith('.new'))) await removeAll(join(dir, name));
}
