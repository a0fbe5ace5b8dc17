/** Ports that a workflow asks for by number, and those that are chosen. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import type { RunDetail } from '../../../shared/api.ts';
import { project, projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, untilStatus } from './fixture.ts';

const host = daemonOfFile();

/** A port of this machine that somebody has, until `close`. */
async function taken(): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
const serve = 'echo served >index.html; httpd -f -p $PORT_0';

test('a port of a list is the same one on this machine', async () => {
  const { port, close } = await taken();
  await close();
  const cwd = await projectWith(`- name: web\n  provider: bash\n  ports: [${port}, ":8080"]\n  commands: ['${serve}']`);
  const name = (await host.daemon.cli(['run', 'web', '-d'], { cwd })).stdout.trim();
  await untilStatus(host.daemon, cwd, name, 'running');
  const { urls } = await host.daemon.json<RunDetail>(['ps', name], { cwd });
  expect(urls[0]).toEqual({ name: 'PORT_0', url: `http://127.0.0.1:${port}` });
  expect(urls[1]?.url).not.toContain(':8080');
  expect(await waitFor(() => fetch(urls[0]?.url ?? '').then((answer) => answer.text()), 'the page')).toBe('served\n');

  // a second one is told at submit, and fails before any of its commands
  const second = await host.daemon.cli(['run', 'web'], { cwd });
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(
    `warning: the run ${name} has asked for port ${port} too: if it still has it when this run starts, this run fails\n`,
  );
  expect(second.stderr).toContain(`failed: port ${port} of this machine is taken: the run ${name} has it\n`);
  await host.daemon.cli(['stop', name, '-x', '-y'], { cwd });
  await untilStatus(host.daemon, cwd, name, 'aborted');
});

test('a port that another program has', async () => {
  const { port, close } = await taken();
  const cwd = await project({ 'file.txt': '' });
  const { code, stderr, stdout } = await host.daemon.cli(['run', 'bash', '-c', 'echo here', '-p', `${port}:80`], { cwd });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toContain(`failed: port ${port} of this machine is taken: another program of this machine has it\n`);
  await close();
  expect((await host.daemon.cli(['run', 'bash', '-c', 'echo here $PORT_0', '-p', `${port}:80`], { cwd })).stdout).toBe('here 80\n');
});
