import { describe, expect, test } from 'vitest';
import { stagesOf, type StagesOptions } from '../../../daemon/environments/stages.ts';
import type { EnvironmentSpec } from '../../../daemon/providers/job-spec.ts';

interface Case {
  spec?: Partial<EnvironmentSpec>;
  template?: Partial<EnvironmentSpec>;
  files?: Record<string, string>;
  more?: Partial<StagesOptions>;
}

const stages = ({ spec = {}, template = spec, files = { 'r.txt': 'torch' }, more = {} }: Case) => {
  const none: EnvironmentSpec = { requirements: 'r.txt', install: [], setup: ['make tools'] };
  return stagesOf({
    spec: { ...none, ...spec },
    template: { ...none, ...template },
    image: 'sha256:1',
    workingDir: '',
    env: {},
    others: {},
    deps: [],
    writable: [],
    files: { read: (path) => files[path] ?? null, has: (path) => path in files, isFolder: () => false, names: () => null },
    idOf: (path) => Promise.resolve(files[path] ?? null),
    installation: 'i',
    owner: null,
    ...more,
  });
};
const keys = async (given: Case = {}) => (await stages(given)).map(({ key }) => key);

describe('the key of an environment', () => {
  test('is the same for the same', async () => expect(await keys()).toEqual(await keys()));
  test.each<[string, Case]>([
    ['another image', { more: { image: 'sha256:2' } }],
    ['another content of the requirements', { files: { 'r.txt': 'numpy' } }],
    ['a command that a provider needs', { spec: { install: ['pip install jupyterlab'] } }],
    ['a variable that pip reads', { more: { env: { PIP_INDEX_URL: 'https://host/${{ secrets.TOKEN }}' } } }],
    ['another installation', { more: { installation: 'j' } }],
    ['another user of a shared daemon', { more: { owner: 1001 } }],
  ])('%s: both stages are others', async (_what, given) => {
    const [a, b] = [await keys(), await keys(given)];
    expect([a[0] === b[0], a[1] === b[1]]).toEqual([false, false]);
  });
  test.each<[string, Case]>([
    ['another set-up', { spec: { setup: ['make more'] } }],
    ['another folder', { more: { workingDir: 'sub' }, files: { 'r.txt': 'torch', 'sub/r.txt': 'torch' } }],
    [
      'a variable that the set-up names without a $',
      { spec: { setup: ['make tools', 'env | grep ^LEVEL='] }, more: { env: { LEVEL: '1' } } },
    ],
    ['another run behind a dep', { more: { deps: [['data', '7/0/0']] } }],
    ['a variable that the set-up names', { spec: { setup: ['make tools', 'echo ${LEVEL}'] }, more: { env: { LEVEL: '1' } } }],
  ])('%s: what is installed stays', async (_what, given) => {
    const [a, b] = [await keys(), await keys(given)];
    expect([a[0] === b[0], a[1] === b[1]]).toEqual([true, false]);
  });
  test.each<[string, Case]>([
    ['a variable that only the program reads', { more: { env: { LEARNING_RATE: '0.1' } } }],
    ['another name of the same requirements', { spec: { requirements: 'q.txt' }, files: { 'q.txt': 'torch' } }],
    ['a secret that nobody names', { more: { others: { TOKEN: 'mark 1' } } }],
    ['another file that nobody names', { files: { 'r.txt': 'torch', 'train.py': 'x' } }],
  ])('%s changes nothing', async (_what, given) => expect(await keys(given)).toEqual(await keys()));
  test.each<[string, Case, Case]>([
    [
      'the value of a secret that the set-up names',
      { spec: { setup: ['login $TOKEN'] }, more: { others: { TOKEN: 'mark 1' } } },
      { spec: { setup: ['login $TOKEN'] }, more: { others: { TOKEN: 'mark 2' } } },
    ],
    [
      'a variable that one which it names speaks of',
      { spec: { setup: ['get $URL'] }, more: { env: { URL: 'https://${HOST}', HOST: 'a' } } },
      { spec: { setup: ['get $URL'] }, more: { env: { URL: 'https://${HOST}', HOST: 'b' } } },
    ],
    [
      'the value of a secret in a variable of pip',
      { more: { env: { PIP_INDEX_URL: 'https://${{ secrets.TOKEN }}@host' }, others: { TOKEN: 'mark 1' } } },
      { more: { env: { PIP_INDEX_URL: 'https://${{ secrets.TOKEN }}@host' }, others: { TOKEN: 'mark 2' } } },
    ],
    [
      'a run behind a dep that the requirements name',
      { files: { 'r.txt': './data/x.whl' }, more: { deps: [['data', '7/0/0']] } },
      { files: { 'r.txt': './data/x.whl' }, more: { deps: [['data', '8/0/0']] } },
    ],
  ])('%s counts', async (_what, a, b) => expect((await keys(a)).at(-1)).not.toBe((await keys(b)).at(-1)));
  test('one stage alone, or none', async () => {
    expect((await stages({ spec: { setup: [] } })).map(({ kind }) => kind)).toEqual(['install']);
    expect((await stages({ spec: { requirements: null } })).map(({ kind }) => kind)).toEqual(['setup']);
    expect(await stages({ spec: { requirements: null, setup: [] } })).toEqual([]);
  });
});

test.each(['echo $RUN_NAME', 'echo ${{ run.name }}', 'nvidia-smi', 'echo $PORT_0', 'export CUDA_VISIBLE_DEVICES=0'])(
  'a set-up of each job: %s',
  async (command) => {
    const [, setup] = await stages({ spec: { setup: ['filled in'] }, template: { setup: [command] } });
    expect(setup?.inJob).not.toBeNull();
  },
);
test('a set-up whose script speaks of its job', async () => {
  const [, setup] = await stages({ spec: { setup: ['sh setup.sh'] }, files: { 'r.txt': 'torch', 'setup.sh': 'echo $RUN_NAME' } });
  expect(setup?.inJob).not.toBeNull();
});
test.each([
  ['cp x /mnt/cache/', true],
  ['cp x ~/cache', true],
  ['cp x /opt', false],
])('with a folder mounted at /mnt/cache: %s: in each job: %s', async (command, expected) => {
  const [, setup] = await stages({ spec: { setup: [command] }, more: { writable: ['/mnt/cache'] } });
  expect(setup?.inJob !== null).toBe(expected);
});
test('a set-up that can be kept', async () => expect((await stages({}))[1]?.inJob).toBeNull());
