import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { execWindow, type ExecEvent, type Run, type RunDetail } from '../../../shared/api.ts';
import { socketPath } from '../../../shared/socket.ts';
import { startDaemon } from '../../support/daemon.ts';
import { engineRequest } from '../../support/engine-api.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';

const start = (command: string[]): string => JSON.stringify({ type: 'start', command, terminal: null });

test('a client that does not keep to the contract is dropped, and what it began is ended', async () => {
  await using daemon = await startDaemon();
  const cwd = await projectWith('- {name: long, provider: bash, commands: [sleep 1000]}');
  const run = (await daemon.cli(['run', '-d', 'long'], { cwd })).stdout.trim();
  await waitFor(async () => (await daemon.json<Run>(['ps', run], { cwd })).status === 'running', 'it to run');
  const open = async (): Promise<WebSocket> => {
    const createConnection = (() => connect(socketPath(daemon.home))) as unknown as typeof connect;
    const socket = new WebSocket(`ws://x/v1/runs/${run}/exec`, { createConnection });
    await once(socket, 'open');
    return socket;
  };
  const closed = async (socket: WebSocket): Promise<number> => ((await once(socket, 'close')) as [number])[0];

  for (const frame of ['no JSON', '{"type":"else"}', start([]), start(['a\0b']), Buffer.from('input before the start')]) {
    const socket = await open();
    socket.send(frame);
    expect(await closed(socket), String(frame)).toBe(1008);
  }
  // who sends more than there is room for, to a command that reads nothing
  const flood = await open();
  flood.send(start(['sleep', '4740']));
  const [text] = (await once(flood, 'message')) as [Buffer];
  expect(JSON.parse(text.toString()) as ExecEvent).toEqual({ type: 'started', run, host: 'local' });
  for (let sent = 0; sent <= 4 * execWindow; sent += 65_536) flood.send(Buffer.alloc(65_536));
  expect(await closed(flood)).toBe(1008);
  const ps = async (): Promise<string> => (await daemon.cli(['exec', run, 'ps', '-o', 'args'], { cwd })).stdout;
  await waitFor(async () => !(await ps()).includes('4740'), 'the command to end');

  // one that leaves before its command has begun, which it never does: the image's shell is none
  const program = '#!/bin/bash\nexec cat >/dev/null\n';
  await daemon.cli(['exec', run, '--', 'bash', '-c', 'rm /bin/sh; printf %s "$1" >/bin/sh; chmod 755 /bin/sh', 'x', program], { cwd });
  const { attempts } = await daemon.json<RunDetail>(['ps', run], { cwd });
  const top = async (): Promise<string> => (await engineRequest(daemon.engine, 'GET', `/containers/${attempts[0]?.container}/top`)).body;
  const leaving = await open();
  leaving.send(start(['true']));
  await waitFor(async () => (await top()).includes('"cat"'), 'its shell to begin');
  leaving.close();
  await waitFor(async () => !(await top()).includes('"cat"'), 'its shell to end');
  expect(await daemon.status()).toMatchObject({ pid: daemon.pid });
});
