import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { upload } from '../../../daemon/upload/upload.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** A stand-in for the daemon's two verbs: it says which trees it has, and counts the bytes that it is sent. */
async function receiver(maxBytes = 1e9) {
  const trees: string[] = [];
  const sent: { tree: string; bytes: number }[] = [];
  const socket = join(scratchDir('u'), 's');
  const server = createServer((request, response) => {
    const tree = new URL(request.url ?? '', 'http://x').searchParams.get('tree') ?? '';
    void text(request.setEncoding('latin1')).then((body) => {
      if (request.method === 'POST') {
        trees.unshift(tree);
        sent.push({ tree, bytes: body.length });
      }
      response.end(JSON.stringify(request.method === 'GET' ? { trees: trees.slice(0, 20), warnBytes: 1e9, maxBytes } : { tree }));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return { socket, sent };
}

test('what is there is not sent again, what changed is little, and the cache does not grow for ever', async () => {
  const { socket, sent } = await receiver();
  const [dir, cache] = [scratchDir('p'), scratchDir('c')];
  for (let i = 0; i < 30; i++) writeFileSync(join(dir, `file${i}`), String(i).repeat(1000));
  const again = async () => unwrap(await upload({ socket, project: 'p', dir, cache }));
  const first = await again();
  expect(await again()).toEqual(first);
  expect(sent).toHaveLength(1);
  for (let i = 0; i < 45; i++) {
    writeFileSync(join(dir, 'file0'), `edit ${i}`);
    await again();
  }
  expect(sent).toHaveLength(46);
  for (const { bytes } of sent.slice(1)) expect(bytes).toBeLessThan(3000);
  const [project = ''] = readdirSync(join(cache, 'projects'));
  const snapshots = join(cache, 'projects', project, 'snapshots');
  const [shadow = ''] = readdirSync(snapshots);
  expect(readdirSync(join(snapshots, shadow, 'refs/dstack/trees')).length).toBeLessThan(20);
  expect(readdirSync(join(cache, 'projects', project)).filter((name) => name.startsWith('pack-'))).toEqual([]);
});

test('what is too large for the daemon is not sent', async () => {
  const { socket, sent } = await receiver(1000);
  const dir = scratchDir('p');
  writeFileSync(join(dir, 'big'), 'x'.repeat(2000));
  expect(await upload({ socket, project: 'p', dir, cache: scratchDir('c') })).toMatchObject({ ok: false, failure: { code: 'too_large' } });
  expect(sent).toEqual([]);
});

test('a daemon that is away is said', async () => {
  const options = { socket: join(scratchDir('u'), 'none'), project: 'p', dir: scratchDir('p'), cache: scratchDir('c') };
  expect(await upload(options)).toMatchObject({ ok: false, failure: { code: 'daemon_gone' } });
});

test('what a killed upload has left goes with the next one, what another is at stays', async () => {
  const { socket } = await receiver();
  const [dir, cache] = [scratchDir('p'), scratchDir('c')];
  writeFileSync(join(dir, 'file'), '1');
  const again = async () => unwrap(await upload({ socket, project: 'p', dir, cache }));
  await again();
  const [project = ''] = readdirSync(join(cache, 'projects'));
  const packs = (): string[] => readdirSync(join(cache, 'projects', project)).filter((name) => name.startsWith('pack-'));
  const gone = spawnSync('true').pid;
  for (const pid of [gone, process.pid]) writeFileSync(join(cache, 'projects', project, `pack-${pid}-0a1b2c3d`), 'x');
  await again();
  expect(packs()).toEqual([`pack-${process.pid}-0a1b2c3d`]);
});
