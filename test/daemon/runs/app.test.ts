/** What a dev environment serves: its URL and its token. The server is a fake one (test/support/fake-jupyter.ts); test/servers has real ones. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { ArtifactFile, Run, RunDetail } from '../../../shared/api.ts';
import { must } from '../../support/command.ts';
import { ensureFakeJupyterImage, fakeJupyterImage } from '../../support/fake-jupyter.ts';
import { projectWith } from '../../support/project.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, untilStatus } from './fixture.ts';

const dstack = join(import.meta.dirname, '../../../scripts/dstack');

beforeAll(() => ensureFakeJupyterImage(process.env['DOCKER_HOST'] ?? ''));
const host = daemonOfFile({ config: { mount_roots: ['/tmp'] } });

/** A project whose workflow `lab` runs the fake server. */
async function labProject(more = ''): Promise<{ cwd: string; state: string }> {
  const state = scratchDir('j');
  const cwd = await projectWith(
    `- name: lab\n  provider: lab\n  image: ${fakeJupyterImage}\n  mounts: ["${state}:/state"]\n  env: [TELL=1, MINE=yes]\n${more}`,
  );
  return { cwd, state };
}

const allArguments = (): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it has ended
      }
    })
    .join('\n');

const start = async (cwd: string, ...args: string[]): Promise<RunDetail> => {
  const { stdout, stderr } = await host.daemon.cli(['run', 'lab', '-d', ...args], { cwd });
  const name = stdout.trim();
  expect(name, stderr).toMatch(/^\w+-\w+-\d+$/);
  await untilStatus(host.daemon, cwd, name, 'running');
  return host.daemon.json<RunDetail>(['ps', name], { cwd });
};
const stop = async (cwd: string, name: string): Promise<Run> => {
  await host.daemon.cli(['stop', name, '-y'], { cwd });
  return untilStatus(host.daemon, cwd, name, 'stopped', 'failed');
};

test('its URL has a token that is in its environment, and nowhere else; a restart has another', async () => {
  const { cwd } = await labProject('  artifacts: [output]\n');
  const run = await start(cwd, '-t', 'kept');
  const [url] = run.urls;
  expect(run.urls).toEqual([{ name: 'lab', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/lab\?token=[0-9a-f]{32}$/) as string }]);
  const token = new URL(url?.url ?? '').searchParams.get('token') ?? '';
  expect(execFileSync('sh', ['-c', 'grep -rlF -- "$1" "$0" || true', host.daemon.home, token], { encoding: 'utf8' })).toBe('');
  expect(allArguments()).not.toContain(token);
  expect((await host.daemon.cli(['ps', run.name], { cwd })).stdout.replaceAll(url?.url ?? '', '')).not.toContain(token);

  // what is saved is an artifact at once, while it runs
  const container = run.attempts[0]?.container ?? '';
  await must('docker', [
    '-H',
    host.daemon.engine,
    'exec',
    container,
    'sh',
    '-c',
    'for i in 1 2 3; do echo $i >output/$i; done; mkdir new .ipynb_checkpoints; echo x | tee new/notes.ipynb .ipynb_checkpoints/a',
  ]);
  expect(await host.daemon.json<ArtifactFile[]>(['artifacts', 'list', run.name], { cwd })).toHaveLength(3);

  // an ended one serves nothing
  expect(await stop(cwd, run.name)).toMatchObject({
    status: 'stopped',
    urls: [],
    reason: '1 file that was changed or added outside of its artifacts was not kept',
    // it has no other good end
    tags: ['kept'],
  });
  const { stdout: printed } = await host.daemon.cli(['logs', run.name], { cwd });
  expect(printed).toMatch(/^token \*{6}, words --ip=0\.0\.0\.0 --port=10000 /);
  expect(printed).toContain(`run ${run.name}, mine yes`);

  const restarted = await host.daemon.cli(['restart', run.name, '-d'], { cwd });
  expect(restarted.stderr).toContain(`it starts from the files that ${run.name} was submitted with`);
  const again = restarted.stdout.trim();
  await untilStatus(host.daemon, cwd, again, 'running');
  const { urls } = await host.daemon.json<RunDetail>(['ps', again], { cwd });
  expect(urls[0]?.url).toMatch(/\?token=[0-9a-f]{32}$/);
  expect(urls[0]?.url).not.toContain(token);
  expect(await stop(cwd, again)).toMatchObject({ reason: null, tags: [] });
});

test('attached, the URL stands on a line of its own once the server answers; ps has it uncut', async () => {
  const { cwd, state } = await labProject('  ports: 1\n');
  // a desktop that notes what it is to open
  const desktop = scratchDir('d');
  writeFileSync(
    join(desktop, 'xdg-open'),
    `#!/bin/sh\necho "$1" >>${desktop}/words\ncp "$1" ${desktop}/copy && mv ${desktop}/copy ${desktop}/opened\n`,
    { mode: 0o755 },
  );
  const env = { ...host.daemon.env, PATH: `${desktop}:${process.env['PATH']}` };
  const attached = spawn(dstack, ['run', 'lab', '-e', 'DELAY=1', '--open'], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  attached.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(attached, 'exit');
  const name = await waitFor(() => /^(\w+-\w+-\d+)\n/m.exec(stderr)?.[1], 'the name of the run');
  const { urls } = await untilStatus(host.daemon, cwd, name, 'running');
  expect(urls).toEqual([
    { name: 'lab', url: expect.any(String) as string },
    { name: 'PORT_1', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string },
  ]);
  expect((await host.daemon.cli(['ps'], { cwd })).stdout).toContain(`\n  lab ${urls[0]?.url}\n  PORT_1 ${urls[1]?.url}\n`);
  await waitFor(() => stderr.includes('starting JupyterLab…\n'), 'the command to wait');
  expect(stderr).toContain(`\nPORT_1: ${urls[1]?.url}\n`);
  expect(stderr).not.toContain('token=');
  expect(stderr).toContain('it has no artifacts: what is changed in it is gone when it ends');
  writeFileSync(join(state, 'up'), '');
  await waitFor(() => stderr.includes(`\nJupyterLab: ${urls[0]?.url}\n`), 'the URL');
  await waitFor(() => existsSync(join(desktop, 'opened')), 'it to be opened');
  expect(readFileSync(join(desktop, 'opened'), 'utf8')).toContain(`url=${urls[0]?.url}"`);
  expect(readFileSync(join(desktop, 'words'), 'utf8')).not.toContain('token=');
  await stop(cwd, name);
  expect(await ended).toEqual([130, null]);
});

test('the link for the VS Code of a desktop', async () => {
  const { cwd } = await labProject();
  const run = await start(cwd, '-t', 'none');
  const { link, container } = await host.daemon.json<{ link: string; container: string }>(['code', run.name], { cwd });
  const hex = /^vscode:\/\/vscode-remote\/attached-container\+([0-9a-f]+)\/workflow\?windowId=_blank$/.exec(link)?.[1] ?? '';
  const authority = JSON.parse(Buffer.from(hex, 'hex').toString()) as object;
  expect(authority).toEqual({ containerName: `/${container}`, settings: { host: host.daemon.engine } });
  expect(await must('docker', ['-H', host.daemon.engine, 'inspect', '-f', '{{.State.Running}}', container])).toBe('true\n');
  await host.daemon.cli(['stop', run.name, '-x', '-y'], { cwd });
  expect(await untilStatus(host.daemon, cwd, run.name, 'aborted')).toMatchObject({ tags: [] });
  expect(await host.daemon.cli(['code', run.name], { cwd })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`has no running container (it is aborted).\nStart it again with: dstack restart ${run.name}`) as string,
  });
});
