import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noLimits } from '../../../daemon/policy/limits.ts';
import { parsePolicy } from '../../../daemon/policy/parse-policy.ts';
import { createPolicy } from '../../../daemon/policy/policy.ts';
import { untilMended } from '../../../daemon/policy/until-mended.ts';
import { unwrap } from '../../../shared/result.ts';
import { scratchDir } from '../../support/scratch.ts';

test('a user has what the file says of them, else the defaults', () => {
  const { defaults, users } = unwrap(
    parsePolicy(
      'policy.yaml',
      `defaults:
  gpus: 2
  disk: 100GB
  max_duration: 1d12h
  mount_roots: [~, ~/data, /data/]
users:
  ann:
    gpus: 0
    disk: unlimited
    pids: 100
  bob:
`,
    ),
  );
  const common = { ...noLimits, gpus: 2, disk: 100e9, maxDuration: 129_600, mountRoots: ['~', '~/data', '/data'] };
  expect(defaults).toEqual(common);
  expect(users.get('ann')).toEqual({ ...common, gpus: 0, disk: null, pids: 100 });
  // an entry without a value is none
  expect(users.get('bob')).toEqual(common);
});

test('all problems at once, each with its place', () => {
  const parsed = parsePolicy(
    'policy.yaml',
    `default:
  gpus: 2
defaults:
  gpus: -1
  runs: 0
  disk: 10
  mount_roots: [data]
users:
  ann:
    max_durations: 1h
`,
  );
  expect(parsed.ok).toBe(false);
  const message = parsed.ok ? '' : parsed.failure.message;
  for (const part of [
    'The policy has 6 problems.',
    'policy.yaml:1:1: `default` is not a key of the policy',
    'did you mean `defaults`?',
    'policy.yaml:4:9: gpus -1: this is not a whole number of at least 0',
    'policy.yaml:5:9: runs 0: this is not a whole number of at least 1',
    'policy.yaml:6:9: disk 10: a size needs a unit',
    'policy.yaml:7:17: mount_roots data: this path is not absolute',
    'policy.yaml:10:5: `max_durations` is not a key of users ann',
  ])
    expect(message).toContain(part);
});

test('problems are told from the top of the file to its end', () => {
  const parsed = parsePolicy('policy.yaml', 'defaults:\n  gpus: 1\n  gpu: 2\n  runs: 0\n  disks: 1\n');
  const message = parsed.ok ? '' : parsed.failure.message;
  expect([...message.matchAll(/^policy.yaml:(\d+):/gm)].map(([, line]) => line)).toEqual(['3', '4', '5']);
});

test('a file that could not be read when it was first looked at is no policy: nobody knows one until it is mended', async () => {
  const file = join(scratchDir('y'), 'policy.yaml');
  writeFileSync(file, 'defaults:\n  gpus: few\n  runs: 0\n');
  const policy = createPolicy([file]);
  expect(policy.problem()).toBeNull();
  expect(await policy.reload()).toMatchObject({ ok: false, failure: { code: 'policy' } });
  expect(policy.problem()).toBe(`policy.yaml cannot be read: ${file}:2:9: gpus few: this is not a whole number of at least 0`);
  const mended = Promise.withResolvers<void>();
  untilMended(policy, new AbortController().signal, mended.resolve);
  writeFileSync(file, 'defaults: {gpus: 2}');
  await mended.promise;
  expect([policy.problem(), policy.of('ann').gpus]).toEqual([null, 2]);
  // what holds is known from now on
  writeFileSync(file, 'defaults: {gpus: few}');
  expect(await policy.reload()).toMatchObject({ ok: false });
  expect([policy.problem(), policy.of('ann').gpus]).toEqual([null, 2]);
});

test('the first file that is there holds; it is read again when it changes, and what cannot be read changes nothing', async () => {
  const dir = scratchDir('y');
  const [first, second] = [join(dir, 'first.yaml'), join(dir, 'second.yaml')];
  const policy = createPolicy([first, second]);
  unwrap(await policy.reload());
  expect(policy.file()).toBeNull();
  expect(policy.limits('ann')).toMatchObject({ gpus: null, runs: null });
  writeFileSync(second, 'users: {ann: {gpus: 1}}');
  unwrap(await policy.reload());
  expect([policy.file(), policy.limits('ann').gpus, policy.limits('bob').gpus]).toEqual([second, 1, null]);
  writeFileSync(first, 'defaults: {gpus: 3, runs: 2}');
  unwrap(await policy.reload());
  expect([policy.file(), policy.limits('ann')]).toMatchObject([first, { gpus: 3, runs: 2 }]);
  writeFileSync(first, 'defaults: {gpus: few, runs: 2}');
  expect(await policy.reload()).toMatchObject({ ok: false, failure: { code: 'policy' } });
  expect(policy.limits('ann').gpus).toBe(3);
  // a name like those of every object's own is a user's name like others
  writeFileSync(first, '');
  unwrap(await policy.reload());
  expect(policy.of('constructor')).toEqual(noLimits);
  rmSync(first);
  rmSync(second);
  unwrap(await policy.reload());
  expect(policy.file()).toBeNull();
});
