import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { socketPath } from '../../../shared/socket.ts';
import { startDaemon } from '../../support/daemon.ts';

/** Sends the raw beginning of an upgrade; `answer` false: goes away at once. */
async function upgrade(home: string, path: string, answer: boolean): Promise<string> {
  const socket = connect(socketPath(home));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(
    `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  if (!answer) {
    socket.destroy();
    return '';
  }
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  await once(socket, 'close');
  return said;
}

test('no request for a log ends the daemon, however it is formed and whoever goes away', async () => {
  await using daemon = await startDaemon();
  for (let i = 0; i < 30; i++) await upgrade(daemon.home, '/v1/runs/nope/logs', false);
  expect(await upgrade(daemon.home, '/v1/runs/nope/logs', true)).toContain("Cannot find the run 'nope'");
  expect(await upgrade(daemon.home, '/v1/runs/%zz/logs', true)).toMatch(/^HTTP\/1\.1 404/);
  expect(await upgrade(daemon.home, '/v1/else', true)).toMatch(/^HTTP\/1\.1 404/);
  expect(await daemon.status()).toMatchObject({ pid: daemon.pid });
});
