import { describe, expect, test } from 'vitest';
import type { Overrides } from '../../../shared/api.ts';
import { unwrap } from '../../../shared/result.ts';
import type { Workflow } from '../../../shared/workflow/model.ts';
import { applyOverrides, workflowFromProvider } from '../../../shared/workflow/overrides.ts';
import { bash, only } from './helpers.ts';

const workflow = only(
  bash(
    'env: [A=1]',
    'artifacts: [out]',
    'deps: [a]',
    'mounts: ["/a:/a"]',
    'resources: {gpu: {name: A100, count: 2}, memory: 8GB}',
    'priority: 3',
  ),
);
const file = (provider: string, rest = ''): Workflow => only(`workflows:\n- name: x\n  provider: ${provider}\n${rest}`);

describe('applyOverrides', () => {
  test('nothing changes nothing', () => {
    expect(applyOverrides(workflow, {})).toEqual({ ok: true, value: workflow });
  });

  test.each<[Overrides, Partial<Workflow>]>([
    [{ env: ['A=2', 'B'] }, { env: [...workflow.env, { name: 'A', value: '2' }, { name: 'B', value: null }] }],
    [{ artifacts: ['x/'] }, { artifacts: [{ path: 'x' }] }],
    [{ deps: [':t'] }, { deps: [{ kind: 'tag', project: null, name: 't' }] }],
    [{ mounts: ['/b:/b:ro'] }, { mounts: [...workflow.mounts, { source: '/b', target: '/b', readOnly: true }] }],
    [
      { workingDir: './src', requirements: 'r.txt', python: '3.12', image: 'x' },
      { workingDir: 'src', requirements: 'r.txt', python: '3.12', image: 'x' },
    ],
    [{ commands: ['a', 'b'] }, { commands: ['a', 'b'] } as Partial<Workflow>],
    [
      { ports: '2', maxDuration: '2h', idleTimeout: '30m', priority: 0, retry: 4 },
      { ports: { kind: 'count', count: 2 }, maxDuration: 7200, idleTimeout: 1800, priority: 0, retry: 4 },
    ],
    [
      { cpu: '2', memory: '16GB', shmSize: '1GiB', interruptible: true },
      { resources: { ...workflow.resources, cpu: 2, memory: 16e9, shmSize: 1024 ** 3, interruptible: true } },
    ],
    [{ gpu: '4' }, { resources: { ...workflow.resources, gpu: { count: 4, name: 'A100', memory: null } } }],
    [{ gpuName: 'H100', gpuMemory: '80GB' }, { resources: { ...workflow.resources, gpu: { count: 2, name: 'H100', memory: 80e9 } } }],
    [{ gpu: '0' }, { resources: { ...workflow.resources, gpu: null } }],
  ])('%j', (overrides, changed) => {
    expect(applyOverrides(workflow, overrides)).toEqual({ ok: true, value: { ...workflow, ...changed } });
  });

  test('a name alone means one GPU', () => {
    expect(unwrap(applyOverrides(file('code'), { gpuName: 'V100' })).resources.gpu).toEqual({ count: 1, name: 'V100', memory: null });
  });

  test('the keys of single providers', () => {
    expect(unwrap(applyOverrides(file('docker', '  image: a'), { image: 'b', commands: ['c'] }))).toMatchObject({
      image: 'b',
      commands: ['c'],
    });
    expect(unwrap(applyOverrides(file('torchrun', '  file: a.py'), { file: 'b.py', nodes: 3 }))).toMatchObject({ file: 'b.py', nodes: 3 });
    for (const provider of ['lab', 'notebook', 'code'] as const)
      expect(unwrap(applyOverrides(file(provider), { version: '4.2.0', inactivityDuration: '30m' }))).toMatchObject({
        version: '4.2.0',
        inactivityDuration: 1800,
      });
  });

  test.each<[Overrides, string, string | undefined]>([
    [{ memory: '16' }, '--memory 16: a size needs a unit', 'write 16GB (decimal), 16GiB (binary) or 16MB'],
    [{ cpu: 'x' }, '--cpu x: this is not a number of cores', 'write 4 or 0.5; leave it out for no limit'],
    [{ gpu: 'A100' }, '--gpu A100: this is not a whole number', 'write a whole number from 0 to 1024'],
    [{ gpuName: ' ' }, "--gpu-name '': this names no GPU", 'leave it out for any GPU, see: dstack gpus'],
    [{ gpuMemory: '16' }, '--gpu-memory 16: a size needs a unit', 'write 16GB (decimal), 16GiB (binary) or 16MB'],
    [{ shmSize: '1x' }, '--shm-size 1x: `x` is not a unit of size', expect.any(String)],
    [{ python: '3.1' }, '--python 3.1: there is no such version of Python here', expect.stringContaining('3.10?')],
    [{ env: ['A-B=1'] }, '--env A-B=1: no variable can have this name', 'names are letters, digits and `_`: A_B'],
    [{ artifacts: ['../x'] }, '--artifact ../x: the path leads out of the working directory', expect.any(String)],
    [{ deps: ['a/b'] }, '--dep a/b: another project is named by owner and repo', expect.any(String)],
    [{ mounts: ['x'] }, '--mount x: a mount is SOURCE:TARGET or SOURCE:TARGET:ro', expect.any(String)],
    [{ workingDir: '/x' }, '--working-dir /x: the path is absolute', expect.any(String)],
    [
      { ports: '3000' },
      '--ports 3000: a single number is how many ports are needed',
      'for port 3000 write [3000] in the file, 3000:3000 on the command line',
    ],
    [{ idleTimeout: '0m' }, '--idle-timeout 0m: this leaves no time', 'leave it out for no limit'],
    [{ maxDuration: '5' }, '--max-duration 5: a duration needs a unit', 'write 5s, 5m, 5h or 5d'],
    [{ priority: 0.5 }, '--priority 0.5: this is not a whole number', 'write a whole number from -1000 to 1000'],
    [{ retry: -1 }, '--retry -1: this is less than 0', 'write a whole number from 0 to 100'],
    [{ commands: ['${{ x }}'] }, '-c ${{ x }}: `x` is not known here', expect.any(String)],
    [{ artifacts: ['${{ run.args }}'] }, '--artifact ${{ run.args }}: `artifacts` can only refer to `run.name`', expect.any(String)],
    [{ artifacts: ['a', './a'] }, 'two artifacts or mounts are at /workflow/a', 'remove one of them'],
    [{ mounts: ['/x:/a'] }, 'two artifacts or mounts are at /a', 'remove one of them'],
    [{ deps: [':o/r/t', ':o/r/t'] }, 'the dep :o/r/t is given twice', 'remove one of them'],
    [{ version: '1' }, '--server-version is for code, lab and notebook workflows, and this is one of bash', 'leave it out'],
    [
      { inactivityDuration: '1h' },
      '--inactivity-duration is for code, lab and notebook workflows, and this is one of bash',
      'leave it out',
    ],
    [{ nodes: 2 }, '--nodes is for torchrun workflows, and this is one of bash', 'leave it out'],
    [{ file: 'x' }, 'FILE is for torchrun workflows, and this is one of bash', 'leave it out'],
  ])('%j fails', (overrides, message, hint) => {
    const result = applyOverrides(workflow, overrides);
    expect(result.ok ? null : [result.failure.code, result.failure.message, result.failure.hint]).toEqual(['bad_option', message, hint]);
  });

  test('-c is for shells', () => {
    expect(applyOverrides(file('lab'), { commands: ['x'] })).toEqual({
      ok: false,
      failure: { code: 'bad_option', message: '-c is for bash and docker workflows, and this is one of lab', hint: 'leave it out' },
    });
  });
});

describe('workflowFromProvider', () => {
  test('docker', () => {
    expect(unwrap(workflowFromProvider('docker', { image: 'ubuntu', commands: ['nvidia-smi'], gpu: '1' }, []))).toEqual({
      ...file('docker', '  image: ubuntu'),
      name: 'docker',
      commands: ['nvidia-smi'],
      resources: { cpu: null, memory: null, shmSize: null, gpu: { count: 1, name: null, memory: null }, interruptible: false },
    });
  });

  test.each([
    ['bash', { commands: ['a'] }, ['x'], { commands: ['a'] }],
    ['bash', {}, ['python', 'a b.py'], { commands: ['${{ run.args }}'] }],
    ['docker', { image: 'ubuntu' }, [], { commands: [] }],
    ['docker', { image: 'ubuntu' }, ['ls'], { commands: ['${{ run.args }}'] }],
    ['torchrun', { file: 'a.py', nodes: 2 }, ['--x'], { file: 'a.py', args: ['${{ run.args }}'], nodes: 2 }],
    ['lab', { artifacts: ['out'] }, [], { version: null, artifacts: [{ path: 'out' }] }],
  ] as const)('%s %j %j', (provider, overrides, args, expected) => {
    expect(unwrap(workflowFromProvider(provider, overrides as Overrides, args))).toMatchObject({ name: provider, provider, ...expected });
  });

  test.each([
    ['bash', [], "the bash provider needs a command: dstack run bash -c 'python train.py'", undefined],
    ['docker', ['x'], "the docker provider needs an image: dstack run docker ubuntu -c 'nvidia-smi'", undefined],
    ['torchrun', [], 'the torchrun provider needs a Python file: dstack run torchrun train.py', undefined],
    ['code', ['x'], 'x: the code provider takes no arguments', 'Leave it out; `dstack run code --help` lists what it takes.'],
  ] as const)('%s %j fails', (provider, args, message, hint) => {
    expect(workflowFromProvider(provider, {}, args)).toEqual({ ok: false, failure: { code: 'bad_option', message, hint } });
  });
});
