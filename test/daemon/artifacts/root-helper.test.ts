import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdtempSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRootHelper } from '../../../daemon/artifacts/root-helper.ts';
import type { AsRoot } from '../../../daemon/artifacts/layout.ts';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import { EngineError } from '../../../daemon/engine/engine.ts';
import { FailureError } from '../../../shared/result.ts';
import type { Reply, Request } from './as-user.ts';

const tiny = 'dstack-test/tiny:1';
const program = join(import.meta.dirname, 'as-user.ts');

/** A store that belongs to a user who is not root (this one, or a made-up one where the tests run as root), and the real engine. */
function house() {
  const base = mkdtempSync(join(tmpdir(), 'root-helper-'));
  const root = process.getuid!() === 0;
  const user = root ? { uid: 54_321, gid: 54_321 } : { uid: process.getuid!(), gid: process.getgid!() };
  if (root) chownSync(base, user.uid, user.gid);
  const installation = `art${randomBytes(4).toString('hex')}`;
  const engine = createDockerEngine({ endpoint: process.env['DOCKER_HOST']!, installation });
  const helper = (images: string[]) => createRootHelper({ engine, images: async () => images, installation, owner: user });
  const asRoot = helper([tiny]);
  const dir = join(base, 'artifacts');
  const asked: string[] = [];
  return {
    base,
    dir,
    user,
    engine,
    installation,
    helper,
    asked,
    folder: join(dir, '1', '0', '0'),
    as: (verb: Request['verb'], help: AsRoot = asRoot) =>
      asUser({ dir, user, verb }, (action, path) => {
        asked.push(`${action} ${path}`);
        return help(action, path);
      }),
    /** what a job does: a container whose user is the image's */
    job: (script: string, containerUser = '0:0') =>
      engine.runToEnd(
        {
          ...{
            name: `${installation}-job`,
            labels: {},
            image: tiny,
            entrypoint: ['/bin/sh', '-ec', script],
            command: null,
            env: {},
            workingDir: '/o',
          },
          mounts: [{ type: 'bind', source: join(dir, '1', '0', '0'), target: '/o', readOnly: false }],
          ...{ tty: false, cpu: null, memory: null, shmSize: null, gpus: [], ports: [], init: false, network: 'none', user: containerUser },
        },
        60_000,
      ),
    async [Symbol.asyncDispose]() {
      await asRoot('delete', base);
      expect(existsSync(base)).toBe(false);
      expect(await engine.list(installation)).toEqual([]);
    },
  };
}

function asUser(request: Request, asRoot: AsRoot): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = fork(program, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    child.on('message', (message: Reply) => {
      switch (message.type) {
        case 'asRoot':
          void asRoot(message.action, message.path).then(
            () => child.send(null as never),
            (error: Error) => child.send(error.message),
          );
          break;
        case 'done':
          resolve(message.result);
          break;
        case 'failed':
          reject(new Error(message.message));
          break;
      }
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it answered`)));
    child.send(request);
  });
}

test('what a container wrote as root belongs to the user in the end, who then reads and deletes it alone', async () => {
  await using h = house();
  expect(await h.as('prepare')).toMatchObject({ ok: true });
  writeFileSync(join(h.base, 'outside'), 'not ours to change', { mode: 0o640 });
  const before = statSync(join(h.base, 'outside'));
  const script = `umask 077; mkdir -p secret/deep; echo hello > secret/deep/file; ln -s ${h.base}/outside link; ln -s . loop; printf x > script; chmod 511 script`;
  expect(await h.job(script)).toMatchObject({ exitCode: 0 });
  expect(lstatSync(join(h.folder, 'script')).uid).toBe(0);

  expect(await h.as('settle')).toEqual({ files: 4, bytes: 6 + 1 + 1 + `${h.base}/outside`.length });
  expect(h.asked).toEqual([`chown ${join(h.dir, '1', '0')}`]);
  for (const name of ['secret', 'secret/deep', 'secret/deep/file', 'link', 'loop', 'script', '']) {
    const { uid, gid } = lstatSync(join(h.folder, name));
    expect({ name, uid, gid }).toEqual({ name, ...h.user });
  }
  expect(readlinkSync(join(h.folder, 'link'))).toBe(`${h.base}/outside`);
  const after = statSync(join(h.base, 'outside'));
  expect([after.uid, after.gid, after.mode]).toEqual([before.uid, before.gid, before.mode]);
  expect(statSync(join(h.folder, 'script')).mode & 0o777).toBe(0o511);

  expect(await h.as('settle')).toMatchObject({ files: 4 });
  await h.as('remove');
  expect(existsSync(join(h.dir, '1'))).toBe(false);
  expect(h.asked).toHaveLength(1);
});

test('a container of another user can write, and what it kept to itself becomes readable', async () => {
  await using h = house();
  await h.as('prepare');
  expect(await h.job('mkdir d; echo 1 > d/f; chmod 0 d/f; chmod 0 d', '12345:12345')).toMatchObject({ exitCode: 0 });
  expect(await h.as('settle')).toEqual({ files: 1, bytes: 2 });
  expect(statSync(join(h.folder, 'd')).mode & 0o777).toBe(0o700);
  expect(statSync(join(h.folder, 'd', 'f')).mode & 0o777).toBe(0o400);
  expect(statSync(join(h.folder, 'd', 'f')).uid).toBe(h.user.uid);
});

test('nothing of others: no container is started', async () => {
  await using h = house();
  await h.as('prepare');
  expect(await h.as('settle')).toEqual({ files: 0, bytes: 0 });
  expect(h.asked).toEqual([]);
});

test('what root left is deleted', async () => {
  await using h = house();
  await h.as('prepare');
  await h.job('umask 077; mkdir -p a/b; echo x > a/b/c');
  await h.as('remove');
  expect(h.asked).toEqual([`delete ${join(h.dir, '1')}`]);
  expect(existsSync(join(h.dir, '1'))).toBe(false);
  expect(existsSync(h.dir)).toBe(true);
});

test('an image that is not there, or has no shell, is passed over', async () => {
  await using h = house();
  await h.as('prepare');
  await h.job('echo x > f');
  await h.helper(['dstack-test/nonexistent:0', tiny])('chown', join(h.dir, '1'));
  expect(lstatSync(join(h.folder, 'f')).uid).toBe(h.user.uid);
});

test('with no image that can, the failure says what to do', async () => {
  await using h = house();
  await h.as('prepare');
  const path = join(h.dir, '1');
  const problem = await h
    .helper([])('delete', path)
    .catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(FailureError);
  expect((problem as FailureError).failure).toEqual({
    code: 'root_helper',
    message: `Cannot delete ${path} with a container: there is no local image to do it with`,
    hint: `As root: rm -rf ${path}`,
  });
  await expect(h.helper(['dstack-test/nonexistent:0'])('chown', path)).rejects.toThrow(/No such image|not found/i);
  expect(existsSync(path)).toBe(true);
});

test('an engine that is away stays what it is: the caller tries again later', async () => {
  const engine = createDockerEngine({ endpoint: 'unix:///nonexistent/docker.sock', installation: 'x' });
  const asRoot = createRootHelper({ engine, images: async () => [tiny], installation: 'x', owner: { uid: 1, gid: 1 } });
  const problem = await asRoot('delete', '/nonexistent/x').catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(EngineError);
  expect((problem as EngineError).kind).toBe('unreachable');
});
