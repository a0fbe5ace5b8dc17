/** The verbs of the command line on the real daemon, each with what it changes there. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AuditEntry, Run, Secret, Tag } from '../../../shared/api.ts';
import { projectWith } from '../../support/project.ts';
import { waitFor } from '../../support/wait-for.ts';
import { daemonOfFile, lastRun, untilStatus } from './fixture.ts';

const host = daemonOfFile({ config: { grace_period: '1s' } });
const workflow = (name: string, commands: string[], more = ''): string =>
  [`- name: ${name}`, '  provider: bash', '  commands:', ...commands.map((c) => `    - ${JSON.stringify(c)}`), more].join('\n');
const quick = workflow('quick', ['echo hello', 'echo 1 >o/f'], '  artifacts: [o]');
const stays = workflow('stays', ['echo 1 >o/f', 'echo up', 'while :; do sleep 0.1; done'], '  artifacts: [o]');

const begin = async (cwd: string, ...options: string[]): Promise<string> => {
  const name = (await host.daemon.cli(['run', 'stays', '-d', ...options], { cwd })).stdout.trim();
  await waitFor(async () => (await host.daemon.cli(['logs', name], { cwd })).stdout.includes('up'), `${name} to be under way`);
  return name;
};

test('ps shows what is unfinished, else the last run; stop -a ends all of this project and of no other; rm leaves what runs alone', async () => {
  const cwd = await projectWith(`${quick}\n${stays}`);
  const elsewhere = await projectWith(stays);
  const d = host.daemon;
  const names = async (...args: string[]) => (await d.json<Run[]>(['ps', ...args], { cwd })).map((run) => run.name);
  for (const _ of [1, 2]) await d.cli(['run', 'quick'], { cwd });
  const { name: last } = await lastRun(d, cwd);
  expect(await names()).toEqual([last]);
  expect(await names('-a')).toHaveLength(2);
  const mine = [await begin(cwd), await begin(cwd)];
  const other = await begin(elsewhere);
  expect((await names()).toSorted()).toEqual(mine.toSorted());
  const refused = await d.cli(['rm', mine[0] ?? '', '-y'], { cwd });
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('is not finished yet') });
  expect((await d.cli(['rm', '-a', '-y'], { cwd })).code).toBe(0);
  expect((await names('-a')).toSorted()).toEqual(mine.toSorted());
  expect((await d.cli(['stop', '-a', '-y'], { cwd })).code).toBe(0);
  for (const name of mine) await untilStatus(d, cwd, name, 'stopped');
  expect(await d.json<Run[]>(['ps'], { cwd: elsewhere })).toMatchObject([{ name: other, status: 'running' }]);
  await d.cli(['stop', other, '-x', '-y'], { cwd: elsewhere });
});

test.each([
  ['stopped', ['-y']],
  ['aborted', ['-x', '-y']],
])('what a run that is %s has saved is kept, but not tagged', async (status, flags) => {
  const cwd = await projectWith(stays);
  const name = await begin(cwd, '-t', 'best');
  await host.daemon.cli(['stop', name, ...flags], { cwd });
  await untilStatus(host.daemon, cwd, name, status);
  expect(await host.daemon.json<object[]>(['artifacts', 'list', name], { cwd })).toEqual([{ artifact: 'o', file: 'f', size: 2 }]);
  expect(await host.daemon.json<Tag[]>(['tags'], { cwd })).toEqual([]);
});

test('logs -s: what was printed since, and nothing of before', async () => {
  const cwd = await projectWith(quick);
  await host.daemon.cli(['run', 'quick'], { cwd });
  const { name, finishedAt } = await lastRun(host.daemon, cwd);
  const since = async (time: string) => (await host.daemon.cli(['logs', name, '-s', time], { cwd })).stdout;
  expect(await since('1h')).toBe('hello\n');
  expect(await since(new Date(Date.parse(finishedAt ?? '') + 60_000).toISOString())).toBe('');
});

test('a tag is given to a run, moved only when that is meant, and deleted; its name is no path', async () => {
  const cwd = await projectWith(quick);
  const d = host.daemon;
  for (const _ of [1, 2]) await d.cli(['run', 'quick'], { cwd });
  const [second = '', first = ''] = (await d.json<Run[]>(['ps', '-a'], { cwd })).map((run) => run.name);
  const tags = async () => (await d.json<Tag[]>(['tags'], { cwd })).map(({ tag, run }) => ({ tag, run }));
  expect((await d.cli(['tags', 'add', 'best', first], { cwd })).code).toBe(0);
  expect((await d.cli(['tags', 'add', 'best', second], { cwd })).code).toBe(1);
  expect(await tags()).toEqual([{ tag: 'best', run: first }]);
  expect((await d.cli(['tags', 'add', 'best', second, '--force'], { cwd })).code).toBe(0);
  expect(await tags()).toEqual([{ tag: 'best', run: second }]);
  for (const tag of ['../x', '..', 'a/b', ''])
    for (const args of [
      ['tags', 'add', tag, first],
      ['run', 'quick', '-t', tag],
    ])
      expect((await d.cli(args, { cwd })).code, args.join(' ')).not.toBe(0);
  expect((await d.cli(['tags', 'delete', 'best'], { cwd })).code).toBe(0);
  expect(await tags()).toEqual([]);
  expect((await d.cli(['tags', 'delete', 'best'], { cwd })).code).toBe(1);
  // whose artifacts nothing protects from gc any more, and who did it
  const audit = await d.json<AuditEntry[]>(['audit'], { cwd });
  expect(audit.filter(({ run }) => [first, second].includes(run))).toMatchObject([
    { action: 'untag', run: second, detail: "the tag 'best' was deleted" },
    { action: 'untag', run: first, detail: `the tag 'best' went to ${second}` },
  ]);
});

test('secrets are listed by name, belong to their project, and are gone when deleted', async () => {
  const cwd = await projectWith(workflow('s', ['echo ${#TOKEN}', 'echo "${{ secrets.TOKEN }}"']));
  const d = host.daemon;
  const elsewhere = await projectWith(quick);
  await d.cli(['secrets', 'add', 'TOKEN'], { cwd, input: 'hunter2-Zq81xs' });
  expect((await d.json<Secret[]>(['secrets', 'list'], { cwd })).map((secret) => secret.name)).toEqual(['TOKEN']);
  expect(await d.json<Secret[]>(['secrets', 'list'], { cwd: elsewhere })).toEqual([]);
  expect((await d.cli(['secrets', 'delete', 'TOKEN', '-y'], { cwd })).code).toBe(0);
  expect(await d.json<Secret[]>(['secrets', 'list'], { cwd })).toEqual([]);
  expect((await d.cli(['run', 's'], { cwd })).stderr).toContain("secret 'TOKEN'");
});

test.each([
  ['bash', ''],
  ['docker', '  image: dstack-test/tiny:1\n'],
])('%s: requirements come first, then setup, then the commands', async (provider, image) => {
  const cwd = await projectWith(
    `- name: w\n  provider: ${provider}\n${image}  env: ["PATH=/workflow/bin:$PATH"]\n  requirements: needs.txt\n  setup: [echo set up]\n  commands: [echo work]`,
    { 'needs.txt': `# ${provider}`, 'bin/pip': '#!/bin/sh\necho "pip $*"\n' },
  );
  chmodSync(join(cwd, 'bin/pip'), 0o755);
  const { stdout, stderr } = await host.daemon.cli(['run', 'w'], { cwd });
  expect(stdout, stderr).toBe('pip install -r needs.txt\nset up\nwork\n');
});
