/** An administrator tidies up (`docker system prune -af --volumes`) at any instant: no run hangs, and what is said of each is true. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { pythonVersions } from '../../../shared/workflow/model.ts';
import { must } from '../../support/command.ts';
import { startDaemon } from '../../support/daemon.ts';
import { startEngine } from '../../support/engine.ts';
import { project, projectWith } from '../../support/project.ts';
import { startRegistry } from '../../support/registry.ts';
import { scratchDir } from '../../support/scratch.ts';
import { tinyImage } from '../../support/tiny-image.ts';
import { waitFor } from '../../support/wait-for.ts';
import { ended, untilNothingIsLeft, untilStatus } from './fixture.ts';

const workflow = (name: string, commands: string[], more = ''): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((c) => `    - ${JSON.stringify(c)}`), more].join('\n');
const lines = 'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line $i; done';
const slowly = 'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo line $i; [ $((i%100)) != 0 ] || sleep 0.4; done';
const fullLog = Array.from({ length: 300 }, (_, i) => `line ${i + 1}\n`).join('');
const workflows = (image: string): string =>
  [
    workflow('base', ['echo 42 >data/n'], '  artifacts: [data]'),
    workflow('plain', [lines]),
    workflow('slow', [slowly]),
    workflow('fails', [lines, 'exit 3']),
    workflow('uses', ['[ "$(cat data/n)" = 42 ] || exit 9', slowly, 'echo $RUN_NAME >>out/name'], '  deps: [":base"]\n  artifacts: [out]'),
    `- name: bare\n  provider: docker\n  image: ${image}\n  entrypoint: /bin/bash -c\n  commands: [${JSON.stringify(slowly)}]`,
  ].join('\n');
const kinds = ['plain', 'slow', 'fails', 'uses', 'bare'] as const;

const prune = (host: string): Promise<string> => must('docker', ['-H', host, 'system', 'prune', '-af', '--volumes']);

test('10 runs go through while everything unused is pruned again and again', async () => {
  await using engine = await startEngine();
  await using registry = await startRegistry();
  const image = await registry.push(engine.host, tinyImage, 'tiny:1');
  const images = Object.fromEntries(pythonVersions.map((version) => [version, image]));
  await using daemon = await startDaemon({ engine: engine.host, config: { images } });
  const cwd = await projectWith(workflows(image));
  const base = await daemon.cli(['run', 'base', '-t', 'base'], { cwd });
  expect(base, base.stderr).toMatchObject({ code: 0 });

  const submitted = new Map<string, (typeof kinds)[number]>();
  let over = false;
  let prunes = 0;
  const tidyUp = async (): Promise<void> => {
    for (; !over; prunes++) await prune(engine.host);
  };
  const goThrough = async (): Promise<Run[]> => {
    try {
      for (let i = 0; i < 10; i++) {
        const kind = kinds[i % kinds.length] ?? 'plain';
        const { stdout, stderr } = await daemon.cli(['run', kind, '-d'], { cwd });
        expect(stdout, stderr).toMatch(/-\d+\n$/);
        submitted.set(stdout.trim(), kind);
      }
      return await waitFor(
        async () => {
          const all = await daemon.json<Run[]>(['ps', '-a'], { cwd });
          return all.every((run) => ended.includes(run.status)) && all;
        },
        'all runs to end',
        { seconds: 90, every: 200 },
      );
    } finally {
      over = true;
    }
  };
  const [runs] = await Promise.all([goThrough(), tidyUp()]);
  expect(prunes).toBeGreaterThan(5);
  for (const [name, kind] of submitted) {
    const run = runs.find((one) => one.name === name);
    const wanted =
      kind === 'fails' ? { status: 'failed', exitCode: 3, reason: 'exit code 3' } : { status: 'done', exitCode: 0, reason: null };
    expect(run, `${kind} ${name}`).toMatchObject({ ...wanted, attempt: 1 });
    expect((await daemon.cli(['logs', name], { cwd })).stdout, `the log of ${kind} ${name}`).toBe(fullLog);
    if (kind !== 'uses') continue;
    const out = await project({});
    await daemon.cli(['artifacts', 'download', name, '-o', out], { cwd });
    expect(readFileSync(join(out, 'out/name'), 'utf8')).toBe(`${name}\n`);
  }
  await untilNothingIsLeft(daemon);
});

test('an image that is gone, and that no registry has, fails the run and says so', async () => {
  await using engine = await startEngine();
  const image = '127.0.0.1:1/only/here:1';
  await must('docker', ['-H', engine.host, 'tag', tinyImage, image]);
  const images = Object.fromEntries(pythonVersions.map((version) => [version, image]));
  await using daemon = await startDaemon({ engine: engine.host, config: { images } });
  const cwd = await projectWith(workflow('w', ['echo hello']));
  expect(await daemon.cli(['run', 'w'], { cwd })).toMatchObject({ code: 0, stdout: 'hello\n' });
  await untilNothingIsLeft(daemon);
  await prune(engine.host);
  const { code, stderr } = await daemon.cli(['run', 'w'], { cwd });
  expect(code).toBe(1);
  expect(stderr).toContain(`cannot pull the image ${image}`);
  expect(await daemon.json<Run[]>(['ps'], { cwd })).toMatchObject([{ status: 'failed', exitCode: null }]);
});

test('a container that was pruned before its end could be read has told it to nobody but its script', async () => {
  const marks = scratchDir('m');
  await using engine = await startEngine();
  await using daemon = await startDaemon({ engine: engine.host, config: { mount_roots: ['/tmp'], mounts: [`${marks}:/marks`] } });
  const commands = (exit: number) => [
    'echo first',
    ': >/marks/up-$RUN_NAME',
    'until [ -e /marks/go ]; do sleep 0.1; done',
    `echo last; exit ${exit}`,
  ];
  const cwd = await projectWith([workflow('good', commands(0)), workflow('bad', commands(5))].join('\n'));
  const names: string[] = [];
  for (const name of ['good', 'bad']) names.push((await daemon.cli(['run', name, '-d'], { cwd })).stdout.trim());
  for (const name of names) await waitFor(() => readFileSync(join(marks, `up-${name}`)) && true, `${name} to be under way`);
  for (const name of names) await untilStatus(daemon, cwd, name, 'running');
  await daemon.kill();
  await must('touch', [join(marks, 'go')]);
  const running = () => must('docker', ['-H', engine.host, 'ps', '-q']);
  await waitFor(async () => (await running()) === '', 'both containers to end');
  await prune(engine.host);
  await daemon.start();
  const lost = 'its log is incomplete: the daemon was not there to take it';
  const [good = '', bad = ''] = names;
  expect(await untilStatus(daemon, cwd, good, ...ended)).toMatchObject({ status: 'done', exitCode: 0, reason: lost });
  expect(await untilStatus(daemon, cwd, bad, ...ended)).toMatchObject({ status: 'failed', exitCode: 5, reason: `exit code 5; ${lost}` });
  expect((await daemon.cli(['logs', good], { cwd })).stdout).toBe('first\n');
  await untilNothingIsLeft(daemon);
});
