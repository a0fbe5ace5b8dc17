import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { fail, FailureError, ok, type Result } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import type { Received } from '../snapshots/room.ts';
import { callersPlace } from '../users/namespace.ts';
import type { ApiParts, JsonHandler, StreamHandler } from './handler.ts';
import { inProject } from './params.ts';

/** A sender that is silent for longer has gone (ms). */
const patience = 30_000;

function placeOf({ caller }: ApiParts, projectDir: string): Result<Received> {
  const place = callersPlace(caller, projectDir);
  return typeof place === 'string'
    ? fail('not_shared_mode', 'This daemon reads the project itself: no files are sent to it', null)
    : ok(place);
}

/** What is here of a project's files, so that only the rest is sent. */
export const snapshotKnown: JsonHandler<'snapshotKnown'> = {
  params: z.object(inProject),
  answer: async (api, { projectDir }) => {
    const place = placeOf(api, projectDir);
    if (!place.ok) return place;
    const { warnBytes, maxBytes } = api.config.snapshot;
    return ok({ trees: await api.parts.snapshots.received(place.value), warnBytes, maxBytes });
  },
};

/** Takes in the files of a project as its user's command read them. */
export const snapshotSend: StreamHandler<'snapshotSend'> = {
  params: z.object({ ...inProject, tree: z.string().regex(/^[0-9a-f]{40}$/) }),
  ownBody: true,
  stream: async (api, { projectDir, tree }, request, response) => {
    const place = placeOf(api, projectDir);
    if (!place.ok) return place;
    return api.uploads(() => takeIn(api, place.value, tree, request, response));
  },
};

async function takeIn(
  api: ApiParts,
  place: Received,
  tree: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Result<void>> {
  const folder = join(api.home, 'uploads');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < api.config.minFreeDisk)
    return fail('disk_full', 'The disk of the daemon is nearly full: it takes no files now', 'Free some there: dstack df, dstack gc');
  const pack = join(folder, `${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    request.setTimeout(patience, () => request.destroy());
    // the whole is on disk before anything is done with it: a slow sender holds up nobody
    await pipeline(request, atMost(api.config.snapshot.maxBytes + overhead), createWriteStream(pack, { mode: 0o600 }));
    const received = await api.parts.snapshots.receive(place, tree, pack);
    if (!received.ok) return received;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ tree }));
    return ok(undefined);
  } finally {
    await rm(pack, { force: true });
  }
}

/** What names and headers of objects may add to the files themselves (bytes). */
const overhead = 256e6;

/** Lets so many bytes through, then fails. */
function atMost(bytes: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      seen += chunk.length;
      if (seen <= bytes) return done(null, chunk);
      done(
        new FailureError({
          code: 'too_large',
          message: `What was sent is more than the limit of a snapshot allows (${formatSize(bytes)}).`,
          hint: 'Keep data out with .gitignore, .dstackignore and `mounts`.',
        }),
      );
    },
  });
}
