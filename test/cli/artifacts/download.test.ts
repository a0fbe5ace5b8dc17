import { spawn } from 'node:child_process';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { unpack } from '../../../cli/artifacts/download.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { cliMain, daemonDouble, node, refuse, written } from '../support/daemon-double.ts';

/** tar-stream is how tar-fs writes archives; it takes whatever names it is given. */
const tar = createRequire(createRequire(import.meta.url).resolve('tar-fs'))('tar-stream') as {
  pack(): Readable & { entry(header: object, content?: string | Buffer): void; finalize(): void };
};

type Entry = { name: string; type?: string; linkname?: string; content?: string; mode?: number };

function archive(entries: Entry[]): Readable {
  const pack = tar.pack();
  for (const { content, ...header } of entries) pack.entry({ mode: 0o644, ...header }, content ?? (header.type ? undefined : ''));
  pack.finalize();
  return pack;
}

let dir: string;
let outside: string;
beforeEach(() => {
  const scratch = scratchDir('u');
  dir = join(scratch, 'in');
  outside = join(scratch, 'outside');
  mkdirSync(dir);
  mkdirSync(outside);
  writeFileSync(join(outside, 'precious'), 'untouched', { mode: 0o600 });
});

async function unpacked(entries: Entry[]): Promise<{ files: number; bytes: number; refused: string[] }> {
  const result = await unpack(archive(entries), dir);
  expect(result).toMatchObject({ ok: true });
  // whatever it was: what is outside is as it was
  expect(readdirSync(outside)).toEqual(['precious']);
  expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('untouched');
  expect(statSync(join(outside, 'precious')).mode & 0o777).toBe(0o600);
  return result.ok ? result.value : { files: 0, bytes: 0, refused: [] };
}

test('files, folders, modes and links within come out as they were', async () => {
  const result = await unpacked([
    { name: 'model/', type: 'directory', mode: 0o755 },
    { name: 'model/weights', content: 'abc', mode: 0o444 },
    { name: 'model/run.sh', content: '#!', mode: 0o4755 },
    { name: 'opt/conda/x', content: '' },
    { name: 'model/latest', type: 'symlink', linkname: 'weights' },
    { name: 'model/sub/up', type: 'symlink', linkname: '../weights' },
    { name: 'closed/', type: 'directory', mode: 0 },
    { name: 'closed/in', content: 'x' },
  ]);
  expect(result).toEqual({ files: 4, bytes: 6, refused: [] });
  expect(readFileSync(join(dir, 'model/sub/up'), 'utf8')).toBe('abc');
  expect(statSync(join(dir, 'model/run.sh')).mode & 0o7777).toBe(0o755);
  expect(statSync(join(dir, 'model/weights')).mode & 0o777).toBe(0o644);
  expect(readFileSync(join(dir, 'closed/in'), 'utf8')).toBe('x');
  expect(statSync(join(dir, 'model/weights')).uid).toBe(process.getuid?.());
});

test('a second time replaces files, and links by links', async () => {
  await unpacked([
    { name: 'a', content: 'old and long' },
    { name: 'l', type: 'symlink', linkname: 'a' },
  ]);
  await unpacked([
    { name: 'a', content: 'new' },
    { name: 'l', type: 'symlink', linkname: 'a' },
  ]);
  expect(readFileSync(join(dir, 'l'), 'utf8')).toBe('new');
});

describe('left out, each with a sentence, and the rest comes', () => {
  test.each<[string, Entry[], string[]]>([
    [
      'a path that climbs',
      [{ name: '../outside/precious', content: 'evil' }],
      ['../outside/precious was left out: its path leads out of the folder.'],
    ],
    [
      'a path that climbs from below',
      [{ name: 'a/b/../../../outside/new', content: 'evil' }],
      ['a/b/../../../outside/new was left out: its path leads out of the folder.'],
    ],
    [
      'an absolute link',
      [{ name: 'l', type: 'symlink', linkname: '/etc/passwd' }],
      ['l was left out: it is a link to /etc/passwd, outside of the folder.'],
    ],
    [
      'a link that climbs',
      [{ name: 'a/l', type: 'symlink', linkname: '../../outside' }],
      ['a/l was left out: it is a link to ../../outside, outside of the folder.'],
    ],
    [
      'a link through a link',
      [
        { name: 'a/b/c/', type: 'directory' },
        { name: 'deep', type: 'symlink', linkname: 'a/b/c' },
        { name: 'l', type: 'symlink', linkname: 'deep/../../../outside' },
        { name: 'm', type: 'symlink', linkname: 'deep/x' },
      ],
      [
        'l was left out: it is a link to deep/../../../outside, outside of the folder.',
        'm was left out: it is a link through deep, another link.',
      ],
    ],
    [
      'a file through a link of the archive',
      [
        { name: 'real/', type: 'directory' },
        { name: 'l', type: 'symlink', linkname: 'real' },
        { name: 'l/x', content: 'evil' },
      ],
      ['l/x was left out: l is a symbolic link.'],
    ],
    ['a hard link', [{ name: 'h', type: 'link', linkname: '../outside/precious' }], ['h was left out: it is a hard link.']],
    [
      'a hard link to a file of the archive',
      [
        { name: 'a', content: 'a' },
        { name: 'h', type: 'link', linkname: 'a' },
      ],
      ['h was left out: it is a hard link.'],
    ],
    [
      'a device',
      [{ name: 'null', type: 'character-device' }],
      ['null was left out: it is neither a file, a folder nor a symbolic link (character-device).'],
    ],
    ['a pipe', [{ name: 'p', type: 'fifo' }], ['p was left out: it is neither a file, a folder nor a symbolic link (fifo).']],
  ])('%s', async (_, entries, refused) => {
    const result = await unpacked([...entries, { name: 'good', content: 'good' }]);
    expect(result.refused).toEqual(refused);
    expect(readFileSync(join(dir, 'good'), 'utf8')).toBe('good');
  });

  test('an absolute path lands below the folder', async () => {
    await unpacked([{ name: '/opt/x', content: 'x' }]);
    expect(readFileSync(join(dir, 'opt/x'), 'utf8')).toBe('x');
  });

  test('what would go through a link that was there before', async () => {
    symlinkSync('../outside', join(dir, 'l'));
    symlinkSync('../outside/precious', join(dir, 'f'));
    symlinkSync('../outside', join(dir, 'd'));
    const { refused } = await unpacked([
      { name: 'l/precious', content: 'evil' },
      { name: 'd/', type: 'directory', mode: 0o777 },
      { name: 'f', content: 'mine' },
      { name: 'k', type: 'symlink', linkname: 'l/precious' },
    ]);
    expect(refused).toEqual([
      'l/precious was left out: l is a symbolic link.',
      'd/ was left out: d is a symbolic link.',
      'k was left out: it is a link through l, another link.',
    ]);
    // the link itself is replaced, not what it leads to
    expect(lstatSync(join(dir, 'f')).isFile()).toBe(true);
    expect(readlinkSync(join(dir, 'l'))).toBe('../outside');
  });

  test('what is something else already', async () => {
    mkdirSync(join(dir, 'folder'));
    writeFileSync(join(dir, 'file'), 'mine');
    const { refused } = await unpacked([
      { name: 'folder', content: 'x' },
      { name: 'file/', type: 'directory' },
      { name: 'folder', type: 'symlink', linkname: 'file' },
    ]);
    expect(refused).toEqual([
      'folder was left out: something else of that name is there.',
      'file/ was left out: a file of that name is there.',
      'folder was left out: something else of that name is there.',
    ]);
    expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('mine');
  });
});

test('the folder may itself be reached through a link', async () => {
  symlinkSync('in', join(dir, '../alias'));
  expect(await unpack(archive([{ name: 'a/b', content: 'x' }]), join(dir, '../alias'))).toMatchObject({
    ok: true,
    value: { files: 1, refused: [] },
  });
  expect(existsSync(join(dir, 'a/b'))).toBe(true);
});

test('an archive that is cut off is a failure', async () => {
  const whole = join(dir, '../whole.tar');
  const parts: Buffer[] = [];
  for await (const part of archive([{ name: 'big', content: 'x'.repeat(100_000) }])) parts.push(part as Buffer);
  writeFileSync(whole, Buffer.concat(parts));
  expect(await unpack(createReadStream(whole, { end: 50_000 }), dir)).toMatchObject({ ok: false, failure: { code: 'download_broken' } });
  expect(readdirSync(dir)).toEqual([]);
});

test('the command downloads into a folder, says how much, and fails when something was left out', async () => {
  let entries: Entry[] = [{ name: 'model/w', content: 'x'.repeat(1500) }];
  await using daemon = await daemonDouble({
    daemonStatus: () => ({}),
    artifactsDownload: ({ target }, response) => {
      if (target !== ':best') return refuse('no_such_tag', 'Cannot find the tag');
      archive(entries).pipe(response);
      return written;
    },
  });
  const done = await daemon.cli(['artifacts', 'download', ':best', '-o', 'out'], { cwd: dir });
  expect(done).toEqual({ code: 0, stdout: `1 file (1.5 kB) in ${join(dir, 'out')}\n`, stderr: '' });
  expect(readFileSync(join(dir, 'out/model/w'), 'utf8')).toHaveLength(1500);
  entries = [{ name: 'l\x1b[2J', type: 'symlink', linkname: '/etc' }];
  expect(await daemon.cli(['artifacts', 'download', ':best', '--json'], { cwd: dir })).toMatchObject({
    code: 1,
    stderr: 'l\\x1b[2J was left out: it is a link to /etc, outside of the folder.\n',
  });
  expect(await daemon.cli(['artifacts', 'download', 'nope'], { cwd: dir })).toMatchObject({ code: 1, stderr: 'Cannot find the tag\n' });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s breaks it off with a word; no file is there in part, and what was there is as it was', async (signal, status) => {
  const pack = tar.pack();
  pack.entry({ name: 'first' }, 'whole');
  await using daemon = await daemonDouble({
    daemonStatus: () => ({}),
    artifactsDownload: (_, response) => {
      pack.on('data', (chunk: Buffer) => response.write(chunk));
      // the second file never comes to its end
      (pack.entry as unknown as (header: object) => { write(data: Buffer): void })({ name: 'second', size: 1_000_000 }).write(
        Buffer.alloc(100_000),
      );
      return written;
    },
  });
  writeFileSync(join(dir, 'second'), 'of before');
  const child = spawn(node, [cliMain, 'artifacts', 'download', ':best'], {
    cwd: dir,
    env: daemon.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once('close', resolve));
  await waitFor(() => readdirSync(dir).length === 3, 'a file in part');
  child.kill(signal);
  expect(await ended).toBe(status);
  expect(said).toBe(
    `The download was broken off after 1 file; what is in ${dir} is whole.\nRun it again: files that are there are replaced.\n`,
  );
  expect(readdirSync(dir).toSorted()).toEqual(['first', 'second']);
  expect(readFileSync(join(dir, 'second'), 'utf8')).toBe('of before');
});
