import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadWorkflows, parseWorkflows } from '../../../shared/workflow/load.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import { bash, load, only, problemsOf, told } from './helpers.ts';

/** The example of the documentation page that this product is built from, as it stands there. */
const seed = `workflows:
  - name: "train"
    provider: bash
    deps:
      - :some_tag
    python: 3.10
    commands:
      - pip install requirements.txt
      - python src/train.py
    artifacts: [ "checkpoint" ]
    resources:
      interruptible: true
      gpu: 1
`;

const plain: Workflow = {
  provider: 'bash',
  name: 'train',
  commands: ['python train.py'],
  help: null,
  deps: [],
  artifacts: [],
  env: [],
  workingDir: '',
  resources: { cpu: null, memory: null, shmSize: null, gpu: null, interruptible: false },
  mounts: [],
  maxDuration: null,
  idleTimeout: null,
  priority: 0,
  retry: 0,
  beforeRun: [],
  requirements: null,
  python: null,
  image: null,
  registryAuth: null,
  ports: null,
  watch: null,
};

describe('the example of the documentation', () => {
  test('loads', () => {
    expect(only(seed)).toEqual({
      ...plain,
      deps: [{ kind: 'tag', project: null, name: 'some_tag' }],
      python: '3.10',
      commands: ['pip install requirements.txt', 'python src/train.py'],
      artifacts: [{ path: 'checkpoint' }],
      resources: { ...plain.resources, interruptible: true, gpu: { count: 1, name: null, memory: null } },
    });
  });
  test('gets one hint', () => {
    expect(problemsOf(seed)).toEqual([
      '8 <requirements.txt> (hint) pip takes `requirements.txt` as the name of a package | write `pip install -r requirements.txt`',
    ]);
  });
});

describe('forms', () => {
  test('nothing but what is needed', () => {
    expect(only(bash())).toEqual(plain);
  });

  test.each<[string[], Partial<Workflow>]>([
    [['help: "What it does"'], { help: 'What it does' }],
    [
      ['deps: [":t", ":o/r/t", w, o/r/w, {tag: t2}, {workflow: w2}, {tag: o/r/t2, mount: true}]'],
      {
        deps: [
          { kind: 'tag', project: null, name: 't' },
          { kind: 'tag', project: 'o/r', name: 't' },
          { kind: 'workflow', project: null, name: 'w' },
          { kind: 'workflow', project: 'o/r', name: 'w' },
          { kind: 'tag', project: null, name: 't2' },
          { kind: 'workflow', project: null, name: 'w2' },
          { kind: 'tag', project: 'o/r', name: 't2' },
        ],
      },
    ],
    [['deps: {workflow: w}'], { deps: [{ kind: 'workflow', project: null, name: 'w' }] }],
    [
      ['artifacts: [./a/, {path: b/../c, mount: true}, /opt/conda/envs/x/, 2023]'],
      { artifacts: [{ path: 'a' }, { path: 'c' }, { path: '/opt/conda/envs/x' }, { path: '2023' }] },
    ],
    [['artifacts: out'], { artifacts: [{ path: 'out' }] }],
    [
      ['env: [A=1, B=, C, "D=x=y"]'],
      {
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '' },
          { name: 'C', value: null },
          { name: 'D', value: 'x=y' },
        ],
      },
    ],
    [
      ['env: {A: 1.10, B: 1e-4, C: , D: true, E: "", __proto__: x}'],
      {
        env: [
          { name: 'A', value: '1.10' },
          { name: 'B', value: '1e-4' },
          { name: 'C', value: null },
          { name: 'D', value: 'true' },
          { name: 'E', value: '' },
          { name: '__proto__', value: 'x' },
        ],
      },
    ],
    [['python: 3.10'], { python: '3.10' }],
    [['python: "3.9"'], { python: '3.9' }],
    [['before_run: [a]'], { beforeRun: ['a'] }],
    [['before_run: [a]', 'setup: [b]'], { beforeRun: ['b'] }],
    [['setup: |', '  for i in 1 2; do', '    echo $i', '  done'], { beforeRun: ['for i in 1 2; do\n  echo $i\ndone'] }],
    [['requirements: requirements.txt'], { requirements: 'requirements.txt' }],
    [['working_dir: ./src/../lib/'], { workingDir: 'lib' }],
    [['working_dir: .'], { workingDir: '' }],
    [
      ['resources: {cpu: 2.5, memory: 16GB, shm_size: 1GiB, gpu: 2, interruptible: true}'],
      { resources: { cpu: 2.5, memory: 16e9, shmSize: 1024 ** 3, gpu: { count: 2, name: null, memory: null }, interruptible: true } },
    ],
    [['resources: {gpu: "1"}'], { resources: { ...plain.resources, gpu: { count: 1, name: null, memory: null } } }],
    [['resources: {gpu: {name: A100}}'], { resources: { ...plain.resources, gpu: { count: 1, name: 'A100', memory: null } } }],
    [['resources: {gpu: {memory: 16GB}}'], { resources: { ...plain.resources, gpu: { count: 1, name: null, memory: 16e9 } } }],
    [['resources: {gpu: 0}'], { resources: plain.resources }],
    [['resources: {gpu: {count: 0, name: A100}}'], { resources: plain.resources }],
    [['ports: 2'], { ports: { kind: 'count', count: 2 } }],
    [
      ['ports: [3000, "8000:80", 8001:81]'],
      {
        ports: {
          kind: 'list',
          ports: [
            { container: 3000, host: 3000 },
            { container: 80, host: 8000 },
            { container: 81, host: 8001 },
          ],
        },
      },
    ],
    [['mounts: ["/data:/data:ro"]'], { mounts: [{ source: '/data', target: '/data', readOnly: true }] }],
    [['idle_timeout: 30m'], { idleTimeout: 1800 }],
    [['max_duration: 1h30m', 'priority: -5', 'retry: 2'], { maxDuration: 5400, priority: -5, retry: 2 }],
    [
      ['image: ubuntu', 'registry_auth: {username: me, password: 123}'],
      { image: 'ubuntu', registryAuth: { username: 'me', password: '123' } },
    ],
  ])('%j', (lines, expected) => {
    expect(only(bash(...lines))).toEqual({ ...plain, ...expected });
  });

  test.each<[string, object]>([
    ['provider: bash\n  commands: |\n    a\n    b\n', { provider: 'bash', commands: ['a\nb'] }],
    ['provider: docker\n  image: ubuntu', { provider: 'docker', image: 'ubuntu', commands: [], entrypoint: null }],
    [
      "provider: docker\n  image: a\n  entrypoint: /bin/bash -c 'a b'\n  commands: [c]",
      { commands: ['c'], entrypoint: ['/bin/bash', '-c', 'a b'] },
    ],
    ['provider: docker\n  image: a\n  entrypoint: [/bin/sh, "-c"]', { entrypoint: ['/bin/sh', '-c'] }],
    ['provider: lab\n  version: 4.10', { provider: 'lab', version: '4.10' }],
    ['provider: lab\n  inactivity_duration: 2h', { provider: 'lab', inactivityDuration: 7200 }],
    ['provider: lab\n  inactivity_duration: off', { provider: 'lab', inactivityDuration: 'off' }],
    ['provider: code', { provider: 'code', version: null }],
    ['provider: notebook\n  setup: [a]', { provider: 'notebook', beforeRun: ['a'] }],
    ['provider: torchrun\n  script: a.py', { provider: 'torchrun', file: 'a.py', args: [], nodes: 1 }],
    [
      'provider: torchrun\n  file: a.py\n  nodes: 2\n  args: --x 1 ${{ run.args }}',
      { file: 'a.py', args: ['--x 1 ${{ run.args }}'], nodes: 2 },
    ],
    [
      'provider: torchrun\n  file: a.py\n  args: [--lr, 0.10, "a b", "${{ run.args }}"]',
      { args: ['--lr', '0.10', "'a b'", '${{ run.args }}'] },
    ],
  ])('%j', (text, expected) => {
    expect(only(`workflows:\n- name: x\n  ${text}`)).toMatchObject(expected);
  });
});

describe('hints', () => {
  test.each<[string[], string[]]>([
    [['resources: {gpu: 0}'], ['5 <0> (hint) 0 GPUs are the same as none | leave `gpu` out']],
    [['resources: {gpu: {count: 0}}'], ['5 <0> (hint) 0 GPUs are the same as none | leave `gpu` out']],
    [['resources: {gpu: {memory: 16GB}}'], ['5 <gpu> (hint) this asks for one GPU | write `count` for more']],
    [
      ['before_run: [a]', 'setup: [b]'],
      ['5 <before_run> (hint) `before_run` is ignored beside `setup` | they are two names of one key: keep `setup`'],
    ],
    [['image: x', 'python: 3.10'], ['6 <python> (hint) `python` is ignored beside `image` | the image has a Python of its own, or none']],
    [
      ['cache: [~/.cache/pip, {path: ./data}]'],
      ['5 <cache> (hint) `cache` is ignored | keep such a folder on the host: `mounts: ["~/.cache/pip:/root/.cache/pip"]`'],
    ],
    [
      ['ssh: true'],
      [
        '5 <ssh> (hint) `ssh` is ignored | the container runs on a machine of your own: `docker exec -it CONTAINER bash` opens a shell in it',
      ],
    ],
    [['home_dir: /x'], [expect.stringMatching(/^5 <home_dir> \(hint\) `home_dir` is ignored \| .*`mounts`/)]],
    [['resources: {local: true}'], ['5 <local> (hint) `local` is ignored | runs go to this machine and to the hosts of its pool']],
    [
      ['deps: [prepare:latest]'],
      ['5 <prepare:latest> (hint) `prepare:latest` is read as `prepare` | a workflow as dep always means its newest run that is done'],
    ],
    [
      ['artifacts: [models/$model]'],
      ['5 <models/$model> (hint) `$model` is not expanded in paths of artifacts | the folder will be called exactly so'],
    ],
    [['env: [A=1, B=2, A=3]'], ['5 <A=3> (hint) `A` is set twice | the last one counts']],
    [
      ['setup: [cd x && pip3 install -U req.txt; ls a.txt]'],
      ['5 <req.txt> (hint) pip takes `req.txt` as the name of a package | write `pip install -r req.txt`'],
    ],
    [
      [
        'setup: [pip install -U -r req.txt, pip install x -c c.txt, pip install --requirement a.txt b, pip list a.txt, "pip install x && cat a.txt"]',
      ],
      [],
    ],
    [['setup: [pip install numpy==1.0]', 'artifacts: [a]', 'resources: {gpu: {name: V100}}'], []],
  ])('%j', (lines, hints) => {
    expect(load(bash(...lines)).ok).toBe(true);
    expect(problemsOf(bash(...lines))).toEqual(hints);
  });

  test('a hundred hints are no error', () => {
    expect(load(bash(`env: [${Array.from({ length: 300 }, () => 'A=1').join(', ')}]`))).toMatchObject({ ok: true });
  });
});

describe('files', () => {
  let project = '';
  beforeEach(async () => {
    project = await mkdtemp(join(tmpdir(), 'dstack-load-'));
    await mkdir(join(project, '.dstack', 'workflows'), { recursive: true });
  });
  afterEach(() => rm(project, { recursive: true, force: true }));
  const write = (name: string, content: string | Buffer) => writeFile(join(project, '.dstack', name), content);
  const named = (name: string) => `workflows:\n- {name: ${name}, provider: bash, commands: [x]}\n`;

  test('the file and those of the folder, by name', async () => {
    await write('workflows/b.yaml', named('three'));
    await write('workflows/a.yml', named('two'));
    await write('workflows.yaml', named('one'));
    await write('workflows/.b.yaml', 'not one');
    await write('workflows/readme.md', 'not one');
    const loaded = await loadWorkflows(project);
    expect(loaded.ok && [...loaded.workflows].map(([name, { source }]) => [name, source])).toEqual([
      ['one', { file: join(project, '.dstack/workflows.yaml'), line: 2 }],
      ['two', { file: join(project, '.dstack/workflows/a.yml'), line: 2 }],
      ['three', { file: join(project, '.dstack/workflows/b.yaml'), line: 2 }],
    ]);
  });

  test('a project without any has no workflows', async () => {
    await rm(join(project, '.dstack'), { recursive: true });
    expect(await loadWorkflows(project)).toEqual({ ok: true, workflows: new Map(), hints: [] });
  });

  test('one name in two files', async () => {
    await write('workflows.yaml', named('one'));
    await write('workflows/a.yaml', named('one'));
    const loaded = await loadWorkflows(project);
    expect(loaded.ok ? [] : loaded.problems.map((problem) => [problem.file, told(problem)])).toEqual([
      [join(project, '.dstack/workflows/a.yaml'), '2 <one> there is a second workflow `one` | the first is at .dstack/workflows.yaml:2'],
    ]);
  });

  test('the problems of all files, and a workflow of another file as provider', async () => {
    await write('workflows.yaml', 'workflows: @');
    await write('workflows/a.yaml', named('one').replace('bash', 'two'));
    await write('workflows/b.yaml', named('two').replace('commands', 'comands'));
    const loaded = await loadWorkflows(project);
    expect(loaded.ok ? [] : loaded.problems.map((problem) => problem.message)).toEqual([
      'text cannot begin with `@`',
      '`two` is a workflow, not a provider',
      'a bash workflow needs `commands`',
      '`comands` is not a key of bash workflows',
    ]);
  });

  test('files that are none', async () => {
    await write('workflows.yaml', Buffer.from([0x77, 0xff, 0xfe]));
    await write('workflows/a.yaml', `# ${'x'.repeat(1_000_001)}`);
    await mkdir(join(project, '.dstack/workflows/b.yaml'));
    await symlink('nowhere', join(project, '.dstack/workflows/c.yaml'));
    const loaded = await loadWorkflows(project);
    expect(loaded.ok ? [] : loaded.problems.map((problem) => [problem.line, problem.column, problem.message])).toEqual([
      [1, 1, 'the file is not UTF-8 text'],
      [1, 1, 'the file has 1000003 bytes; a workflow file has at most 1000000'],
      [1, 1, expect.stringMatching(/^the file cannot be read: EISDIR/)],
    ]);
  });

  test('Windows line ends and a byte order mark change nothing', () => {
    const { workflows } = load(`\uFEFF${seed.replaceAll('\n', '\r\n')}`) as { workflows: unknown };
    expect(workflows).toEqual((load(seed) as { workflows: unknown }).workflows);
    const bad = load(`\uFEFF${bash('artifiacts: [x]').replaceAll('\n', '\r\n')}`);
    expect(bad.ok ? [] : bad.problems).toMatchObject([{ line: 5, column: 5, length: 10, sourceLine: '    artifiacts: [x]' }]);
  });

  test('parseWorkflows keeps paths as they are given', () => {
    const loaded = parseWorkflows([{ path: 'x/y.yaml', text: 'a: 1' }]);
    expect(loaded).toMatchObject({ ok: false, problems: [{ file: 'x/y.yaml' }] });
  });
});
