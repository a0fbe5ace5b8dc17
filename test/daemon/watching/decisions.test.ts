import { expect, test } from 'vitest';
import { counted, writtenByRun } from '../../../daemon/watching/counted.ts';
import { installedFrom, isWorkflowFile } from '../../../daemon/watching/decisive.ts';
import { differences } from '../../../daemon/watching/differences.ts';
import { isEditors } from '../../../daemon/watching/editors.ts';
import type { JobSpec, RunSpec } from '../../../daemon/providers/job-spec.ts';
import { snapshotsIn, tempDir, write } from '../snapshots/lab.ts';

const job: JobSpec = {
  ...{
    image: 'x',
    registryAuth: null,
    start: { kind: 'script', commands: ['a'] },
    env: {},
    workingDir: '',
    artifacts: [],
    mounts: [],
    ports: [],
  },
  ...{ cpu: null, memory: null, shmSize: null, gpu: null },
};
const spec = (more: Partial<RunSpec> = {}, jobs: Partial<JobSpec>[] = [{}]): RunSpec => ({
  ...{ args: [], snapshot: { tree: '', commit: null, branch: null, dirty: false }, deps: [], interruptible: false, maxDuration: null },
  ...{ priority: 0, retry: 0, pinnedImage: null, restartOf: null, terminal: null },
  ...more,
  ...{ templates: jobs.map((one) => ({ ...job, ...one })), jobs: jobs.map((one) => ({ ...job, ...one })) },
});

test('in what a workflow differs is said in its own words; what came with a later version is no difference', () => {
  expect(differences(spec(), spec())).toEqual([]);
  expect(differences(spec(), spec({ idleTimeout: null }, [{ environment: null, app: null, gang: null }]))).toEqual([]);
  expect(differences(spec(), spec({ maxDuration: 60 }, [{ env: { A: '1' }, start: { kind: 'script', commands: ['b'] } }]))).toEqual([
    'commands',
    'env',
    'max_duration',
  ]);
  expect(differences(spec({}, [{}, {}]), spec())).toEqual(['nodes']);
  const watch = { paths: [], ignore: [], request: { target: 'x', overrides: {}, args: [] }, byClient: false };
  expect(differences(spec({ watch }), spec({ watch: { ...watch, ignore: ['*.md'] } }))).toEqual(['watch']);
});

test("patterns of .gitignore say which changes count; an editor's own files never do", async () => {
  const snapshots = snapshotsIn(tempDir());
  const dir = tempDir();
  const all = ['src/a.py', 'src/deep/b.py', 'lib/src/c.py', 'notes.md', 'src/x.md', 'src/.a.py.swp', 'logs/1', 'src/gen/d.py'];
  const of = (paths: string[], ignore: string[] = [], written: string[] = []) => counted(snapshots, dir, { paths, ignore }, written, all);
  expect(await of([])).toEqual(all.filter((path) => !path.endsWith('.swp')));
  expect(await of(['/src'])).toEqual(['src/a.py', 'src/deep/b.py', 'src/x.md', 'src/gen/d.py']);
  expect(await of(['src'])).toEqual(['src/a.py', 'src/deep/b.py', 'lib/src/c.py', 'src/x.md', 'src/gen/d.py']);
  expect(await of(['src/**/*.py', '!src/gen/*'], ['deep/'])).toEqual(['src/a.py']);
  expect(await of([], ['*.md', 'src'], ['logs'])).toEqual([]);
});

test('what editors put beside a file', () => {
  for (const name of [
    '.a.py.swp',
    'src/.a.py.swx',
    '4913',
    'a.py~',
    '.#a.py',
    '#a.py#',
    '.goutputstream-X1',
    'a.py___jb_tmp___',
    '.~lock.x.ods#',
  ])
    expect([name, isEditors(name)]).toEqual([name, true]);
  for (const name of ['a.py', '.env', 'swp', 'data/4913.csv', 'a~b', '.swprc']) expect([name, isEditors(name)]).toEqual([name, false]);
});

test('a folder of the project that the run may write into', () => {
  const dir = tempDir();
  write(dir, { 'shared/x': '' });
  const mounts = [
    { source: `${dir}/shared`, target: '/a', readOnly: false },
    { source: `${dir}/other`, target: '/b', readOnly: true },
    { source: '/tmp', target: '/c', readOnly: false },
    { source: dir, target: '/d', readOnly: false },
  ];
  expect(writtenByRun(dir, { jobs: [{ ...job, mounts }] })).toEqual(['shared']);
});

test('files that an environment is made from', () => {
  const dir = tempDir();
  write(dir, {
    'requirements.txt': '-r more/extra.txt\n./pkg\n',
    'more/extra.txt': 'x\n',
    'pkg/setup.py': '',
    'setup.sh': '',
    'train.py': '',
  });
  const environment = { requirements: 'requirements.txt', install: [], setup: ['sh setup.sh'] };
  const first = (...changed: string[]) => installedFrom(dir, { jobs: [{ ...job, environment }] }, changed);
  expect(first('train.py', 'readme.md')).toBeNull();
  expect(first('train.py', 'more/extra.txt')).toBe('more/extra.txt');
  expect(first('pkg/deep/new.py')).toBe('pkg/deep/new.py');
  expect(first('setup.sh')).toBe('setup.sh');
  expect(['.dstack/workflows.yaml', '.dstack/workflows/a.yml', '.dstack/name', 'x/.dstack/workflows.yaml'].map(isWorkflowFile)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
