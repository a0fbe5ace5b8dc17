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
    files: { read: (path) => files[path] ?? null, has: (path) => path in files },
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
    ['a variable that the set-up names', { spec: { setup: ['make tools', 'echo ${LEVEL}'] }, more: { env: { LEVEL: '1' } } }],
  ])('%s: what is installed stays', async (_what, given) => {
    const [a, b] = [await keys(), await keys(given)];
    expect([a[0] === b[0], a[1] === b[1]]).toEqual([true, false]);
  });
  test.each<[string, Case]>([
    ['a variable that only the program reads', { more: { env: { LEARNING_RATE: '0.1' } } }],
    ['another name of the same requirements', { spec: { requirements: 'q.txt' }, files: { 'q.txt': 'torch' } }],
    ['another file that nobody names', { files: { 'r.txt': 'torch', 'train.py': 'x' } }],
  ])('%s changes nothing', async (_what, given) => expect(await keys(given)).toEqual(await keys()));
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
test('a set-up that can be kept', async () => expect((await stages({}))[1]?.inJob).toBeNull());
