import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-fs';
import { fail, messageOf, ok, type Result } from '../../shared/result.ts';

/** Bytes of the archive; `total` null: the server does not say. */
export interface Progress {
  current: number;
  total: number | null;
}

/** For whatever user an image has, and whatever the daemon's own mask is (`umask` is missing in the types). */
const options = { strip: 1, readable: true, umask: 0o022 };

/** How long an archive's server may be silent (ms). */
const patience = 60_000;

/**
 * Unpacks an archive (.tar.gz; a URL or a file) into a folder, without the one folder that everything in it lies in. Fails with `no_server`: it cannot be had, or is
 * not what its checksum says. What was unpacked until then stays, for the caller to remove.
 */
export async function unpackFrom(
  place: string,
  into: string,
  sha256: string | null,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<Result<void>> {
  try {
    const { stream, total, silent } = await open(place, signal);
    const hash = createHash('sha256');
    let current = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _, done) {
        hash.update(chunk);
        current += chunk.length;
        silent.refresh();
        onProgress({ current, total });
        done(null, chunk);
      },
    });
    try {
      await pipeline(stream, meter, createGunzip(), extract(into, options), { signal });
    } finally {
      clearTimeout(silent.timer);
    }
    const sum = hash.digest('hex');
    if (sha256 === null || sum === sha256) return ok(undefined);
    return fail('no_server', `${place} is not what the config expects: its SHA-256 is ${sum}, not ${sha256}`, null);
  } catch (error) {
    return fail('no_server', `The VS Code server ${place} cannot be had: ${reason(error)}`, null);
  }
}

interface Opened {
  stream: Readable;
  total: number | null;
  /** ends the stream when nothing comes any more */
  silent: { timer: NodeJS.Timeout; refresh(): void };
}

async function open(place: string, signal: AbortSignal): Promise<Opened> {
  const slow = new AbortController();
  const timer = setTimeout(() => slow.abort(new Error(`nothing came for ${patience / 1000} s`)), patience);
  const silent = { timer, refresh: () => void timer.refresh() };
  try {
    if (!place.startsWith('http')) return { stream: createReadStream(place), total: (await stat(place)).size, silent };
    const answer = await fetch(place, { signal: AbortSignal.any([signal, slow.signal]) });
    if (!answer.ok || answer.body === null) throw new Error(`the server answers ${answer.status} ${answer.statusText}`);
    const total = Number(answer.headers.get('content-length'));
    return { stream: Readable.fromWeb(answer.body), total: total > 0 ? total : null, silent };
  } catch (error) {
    clearTimeout(timer);
    throw error;
  }
}

/** `fetch` says only that it failed; why is in its cause. */
const reason = (error: unknown): string => {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error && cause.message !== '' ? cause.message : messageOf(error);
};
