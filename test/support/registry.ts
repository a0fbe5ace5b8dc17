import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { must } from './command.ts';
import { scratchDir } from './scratch.ts';
import { waitFor } from './wait-for.ts';

export interface TestRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`: engines speak plain HTTP to it */
  host: string;
  /** Pushes an image that the engine at `dockerHost` has and removes the registry's name for it there again. Returns that name */
  push(dockerHost: string, image: string, repository: string): Promise<string>;
}

/** A real registry (Debian's docker-registry) on a free port, with a user and password if given. */
export async function startRegistry(user?: { username: string; password: string }): Promise<TestRegistry> {
  await required('docker-registry', 'docker-registry');
  if (user) await required('htpasswd', 'apache2-utils');
  const dir = scratchDir('g');
  const host = `127.0.0.1:${await freePort()}`;
  await mkdir(join(dir, 'data'));
  if (user) await writeFile(join(dir, 'users'), await must('htpasswd', ['-Bbn', user.username, user.password]));
  await writeFile(join(dir, 'config.yml'), configuration(dir, host, user !== undefined));
  const server = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: 'ignore' });
  const exited = once(server, 'exit');
  await waitFor(async () => (await fetch(`http://${host}/v2/`)).status < 500, `the registry at ${host}`);

  return {
    host,
    async push(dockerHost, image, repository) {
      const name = `${host}/${repository}`;
      const docker = (...args: string[]): Promise<string> => must('docker', ['--config', dir, '-H', dockerHost, ...args]);
      if (user) await docker('login', '-u', user.username, '-p', user.password, host);
      await docker('tag', image, name);
      await docker('push', name);
      await docker('rmi', name);
      return name;
    },
    async [Symbol.asyncDispose]() {
      server.kill();
      await exited;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const configuration = (dir: string, host: string, withUsers: boolean): string => `version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: ${dir}/data}}
http: {addr: "${host}"}
${withUsers ? `auth: {htpasswd: {realm: test, path: ${dir}/users}}` : ''}
`;

async function required(program: string, debianPackage: string): Promise<void> {
  await must('sh', ['-c', `command -v ${program}`]).catch(() => {
    throw new Error(`${program} is not installed: apt-get install --no-install-recommends ${debianPackage}`);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port');
  return address.port;
}
