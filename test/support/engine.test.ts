import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { must } from './command.ts';
import { engineJson } from './engine-api.ts';
import { startEngine } from './engine.ts';
import { processesNaming } from './processes.ts';
import { tinyImage } from './tiny-image.ts';

const docker = (host: string, ...args: string[]) => must('docker', ['-H', host, ...args]);
const links = () => readdirSync('/sys/class/net');

test('the engine of the run has the tiny image, with bash and busybox', async () => {
  const host = process.env['DOCKER_HOST']!;
  const said = await docker(
    host,
    'run',
    '--rm',
    '--network',
    'none',
    tinyImage,
    'bash',
    '-c',
    'echo $BASH_VERSION; id -un; stat -c %a /tmp; ls -l /bin/awk',
  );
  expect(said).toMatch(/^\d+\.\d+.*\nroot\n1777\n.*busybox/);
});

test('a private engine starts, restarts both ways under its containers, and leaves nothing', async () => {
  const engine = await startEngine();
  const network = (await docker(engine.host, 'network', 'create', 'n')).slice(0, 12);
  expect(links()).toContain(`br-${network}`);
  const before = links().filter((name) => name === 'docker0');
  await docker(engine.host, 'run', '-d', '--init', '--name', 'work', '--network', 'n', tinyImage, 'sleep', '1000');

  const state = async () => (await engineJson<{ State: { Status: string; ExitCode: number } }>(engine.host, '/containers/work/json')).State;
  const first = engine.pid;
  await engine.restart('kill');
  expect(engine.pid).not.toBe(first);
  expect(await state()).toMatchObject({ Status: 'exited' });
  await docker(engine.host, 'start', 'work');
  await engine.restart('graceful');
  expect(await state()).toMatchObject({ Status: 'exited' });
  await docker(engine.host, 'start', 'work');

  await engine.stop();
  expect(existsSync(engine.dir)).toBe(false);
  expect(processesNaming(engine.dir)).toEqual([]);
  expect(links()).not.toContain(`br-${network}`);
  expect(
    links().filter((name) => name === 'docker0'),
    'the machine’s own bridge',
  ).toEqual(before);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(engine.dir);
});

test('an engine on a small disk runs out of space by itself alone', async () => {
  await using engine = await startEngine({ disk: { bytes: 64 * 2 ** 20, kind: 'ext4' } });
  const said = await must('sh', [
    '-c',
    `docker -H ${engine.host} run --rm ${tinyImage} dd if=/dev/zero of=/big bs=1M count=100 2>&1 || true`,
  ]);
  expect(said).toContain('No space left on device');
});
