/**
 * The program of a test double of the daemon, for what the CLI does with processes: it takes a lock, listens, and answers status and stop.
 * DOUBLE_VERSION is its version, DOUBLE_FATAL a sentence to die with, DOUBLE_DELAY milliseconds before it listens. Each life leaves a line in `lives`, each request one in `asked`.
 */
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { socketPath } from '../../../shared/socket.ts';
import { ownVersion, versionHeader } from '../../../shared/version.ts';

const { DSTACK_HOME: home = '', DOUBLE_VERSION: version = ownVersion(), DOUBLE_FATAL: fatal, DOUBLE_DELAY: wait = '0' } = process.env;
if (fatal !== undefined) {
  process.stderr.write(`{"level":30,"msg":"starting"}\ndstackd: ${fatal}\n`);
  process.exit(1);
}
try {
  writeFileSync(join(home, 'lock'), String(process.pid), { flag: 'wx' });
} catch {
  process.exit(0);
}
appendFileSync(join(home, 'lives'), `${process.pid}\n`);
await delay(Number(wait));
const socket = socketPath(home);
if (existsSync(socket)) rmSync(socket);
const end = (): void => {
  rmSync(join(home, 'lock'), { force: true });
  process.exit(0);
};
process.on('SIGTERM', end);
createServer((request, response) => {
  appendFileSync(join(home, 'asked'), `${request.method} ${request.url}\n`);
  response.setHeader(versionHeader, version);
  response.setHeader('content-type', 'application/json');
  if (request.url === '/v1/daemon/stop') {
    response.end('{"stopping":true}', () => setImmediate(end));
  } else if (request.url?.startsWith('/v1/secrets') && version !== ownVersion()) {
    response.statusCode = 400;
    response.end('{"code":"no_such_route","message":"too old for secrets"}');
  } else if (request.url === '/v1/daemon') {
    response.end(
      JSON.stringify({
        pid: process.pid,
        version,
        apiVersion: 1,
        home,
        installation: 'i',
        startedAt: new Date().toISOString(),
        engine: { reachable: true, endpoint: 'unix:///x', version: '1' },
        unfinishedRuns: 0,
      }),
    );
  } else {
    response.end('[]');
  }
}).listen(socket);
