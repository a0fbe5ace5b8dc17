import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diagnose, doctorParts } from '../../../daemon/doctor/doctor.ts';
import type { DoctorParts } from '../../../daemon/doctor/parts.ts';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import { EngineError } from '../../../daemon/engine/engine.ts';
import { createLocalHost } from '../../../daemon/hosts/local.ts';
import { dividedIntoMig } from '../../../daemon/hosts/gpu-report.ts';
import type { Gpu } from '../../../daemon/hosts/host.ts';
import { makeCdiSpec, toolkitMissing } from '../../../daemon/hosts/toolkit.ts';
import type { AttachMethod } from '../../../daemon/hosts/toolkit.ts';
import { defaultConfig } from '../../../shared/config-file.ts';
import { facts, gpu, info, machine } from './healthy.ts';

const everything = [
  'node',
  'home',
  'disk',
  'git',
  'engine',
  'containers',
  'memory limits',
  'workspaces',
  'base image',
  'gpu driver',
  'gpus',
  'gpu toolkit',
];

test('a machine on which all is well: every check, and nothing to mend', async () => {
  const checks = await diagnose(machine());
  expect(checks.map(({ name }) => name)).toEqual(everything);
  expect(checks.filter(({ status, fix }) => status !== 'ok' || fix !== null)).toEqual([]);
});

type Ill = [what: string, ill: Partial<DoctorParts>, name: string, status: 'ok' | 'warning' | 'error', message: RegExp, fix: RegExp | null];
const throws = (error: Error) => () => Promise.reject(error);
const noToolkit = async (): Promise<AttachMethod> => ({ method: null, why: toolkitMissing });
const gpus = (...some: Partial<Gpu>[]): Partial<DoctorParts> => ({
  facts: async () => ({ ...facts, gpus: some.map((one) => ({ ...gpu, ...one })) }),
});
const stale = (gpuProblem: string) => ({ ...facts, gpusStaleSince: 86_400_000, gpuProblem });
const noImages = { hasImage: async () => false };

test.each<Ill>([
  ['an old Node', { nodeVersion: 'v22.17.1' }, 'node', 'error', /v22\.17\.1 is too old: 22\.18/, /n 24/],
  ['a newer Node', { nodeVersion: 'v26.0.0' }, 'node', 'ok', /v26/, null],
  ['no home', { homeState: async () => ({ mode: null, writable: false }) }, 'home', 'error', /does not exist/, /mkdir/],
  ['a home of another', { homeState: async () => ({ mode: 0o755, writable: false }) }, 'home', 'error', /cannot be written/, /chown/],
  [
    'an open home',
    { homeState: async () => ({ mode: 0o750, writable: true }) },
    'home',
    'warning',
    /open to other users/,
    /chmod 700 \/home\/ada\/\.dstack/,
  ],
  [
    'a home with blanks',
    { home: "/home/a b's", homeState: async () => ({ mode: 0o755, writable: true }) },
    'home',
    'warning',
    /open/,
    /chmod 700 '\/home\/a b'\\''s'/,
  ],
  [
    'NFS',
    { fileSystem: async () => ({ type: 'nfs4', mountPoint: '/home', network: true }) },
    'home',
    'error',
    /network file system \(nfs4\)/,
    /DSTACK_HOME/,
  ],
  [
    'a full disk',
    {
      facts: async () => ({
        ...facts,
        freeDisk: [
          { path: '/a', bytes: 50e9 },
          { path: '/b', bytes: 9e8 },
        ],
      }),
    },
    'disk',
    'error',
    /900 MB free at \/b: below 1 GB/,
    /dstack gc/,
  ],
  [
    'a nearly full disk',
    { facts: async () => ({ ...facts, freeDisk: [{ path: '/a', bytes: 2e9 }] }) },
    'disk',
    'warning',
    /2 GB free/,
    /dstack gc/,
  ],
  ['an unknown disk', { facts: async () => ({ ...facts, freeDisk: [] }) }, 'disk', 'warning', /cannot be read/, /df/],
  ['no Git', { gitVersion: async () => null }, 'git', 'error', /not installed/, /apt-get install -y git/],
  ['an old Git', { gitVersion: async () => 'git version 2.30.2' }, 'git', 'error', /2\.30\.2 is too old: 2\.31/, /git-core/],
  [
    'no engine',
    { info: throws(new EngineError('unreachable', 'x')) },
    'engine',
    'error',
    /No Docker Engine answers at unix/,
    /install -y docker\.io && sudo systemctl/,
  ],
  ['no permission', { info: throws(new EngineError('denied', 'x')) }, 'engine', 'error', /may not use/, /usermod -aG docker/],
  ['an engine with a problem', { info: throws(new Error('boom')) }, 'engine', 'error', /boom/, /journalctl/],
  [
    'an old engine',
    { info: async () => ({ ...info, version: '19.03.15' }) },
    'engine',
    'error',
    /19\.03\.15 is too old: 20\.10/,
    /docker\.io/,
  ],
  ['the oldest engine that will do', { info: async () => ({ ...info, version: '20.10.24+dfsg1' }) }, 'engine', 'ok', /20\.10\.24/, null],
  ['an engine someone built', { info: async () => ({ ...info, version: 'dev' }) }, 'engine', 'ok', /dev/, null],
  ['a rootless engine', { info: async () => ({ ...info, rootless: true }) }, 'rootless', 'warning', /rootless/, /DOCKER_HOST/],
  [
    'containers that do not start',
    { trial: throws(new EngineError('other', 'no cgroup')) },
    'containers',
    'error',
    /no cgroup/,
    /journalctl/,
  ],
  [
    'containers that end badly',
    { trial: async () => ({ exitCode: 126, output: 'a\nexec format error\n', limit: 1 }) },
    'containers',
    'error',
    /126: exec format error/,
    /journalctl/,
  ],
  ['no image to try with', noImages, 'containers', 'warning', /tried with python:3\.11, which is not here/, /docker pull python:3\.11/],
  [
    'limits without effect',
    { trial: async () => ({ exitCode: 0, output: '9223372036854771712\n', limit: 67_108_864 }) },
    'memory limits',
    'warning',
    /ignores limits/,
    /cgroup_enable=memory/,
  ],
  ['no overlays', { overlay: async () => false }, 'workspaces', 'warning', /cannot make overlays in .* \(ext4\)/, /DSTACK_HOME/],
  [
    'overlays that cannot be tried',
    { overlay: throws(new EngineError('unreachable', 'gone')) },
    'workspaces',
    'warning',
    /gone/,
    /journalctl/,
  ],
  ['overlays without an image to try', noImages, 'workspaces', 'warning', /tried with python:3\.11, which is not here/, /docker pull/],
  ['a home with a colon', { home: '/home/a:b' }, 'workspaces', 'warning', /has a `:`: workspaces are copies/, /DSTACK_HOME/],
  ['a home with a comma', { home: '/home/a,b' }, 'workspaces', 'warning', /has a `,`/, /DSTACK_HOME/],
  ['no base image', noImages, 'base image', 'warning', /python:3\.11, for Python 3\.11, is not here yet/, /docker pull python:3\.11/],
  ['no GPU', { facts: async () => ({ ...facts, gpus: [] }), nvidiaCards: async () => 0 }, 'gpu driver', 'ok', /no NVIDIA GPU/, null],
  ['a GPU without driver', { facts: async () => ({ ...facts, gpus: [] }) }, 'gpu driver', 'warning', /no driver/, /nvidia-driver/],
  [
    'GPUs that somebody else uses',
    {
      ...gpus({}, { index: 1, uuid: 'GPU-b' }, { index: 2, uuid: 'GPU-c' }),
      gpuStates: async () =>
        new Map([
          [gpu.uuid, null],
          ['GPU-b', 'is used by process 4711 (python, bob)'],
          ['GPU-c', 'has 3.1 GB of its memory in use by somebody else'],
        ]),
    },
    'gpus',
    'ok',
    /^1 of 3 GPUs can be handed out now: GPU 1 is used by process 4711 \(python, bob\); GPU 2 has 3\.1 GB of its memory in use by somebody else\.$/,
    null,
  ],
  [
    'GPUs that cannot be read now',
    { facts: async () => stale('nvidia-smi is gone') },
    'gpus',
    'warning',
    /last read at 1970-/,
    /nvidia-driver/,
  ],
  [
    'a driver that hangs',
    { facts: async () => stale('it did not answer within 10 s') },
    'gpu driver',
    'warning',
    /10 s/,
    /^sudo reboot .*xid/,
  ],
  [
    'a driver of yesterday',
    { facts: async () => stale('version mismatch') },
    'gpu driver',
    'warning',
    /mismatch/,
    /^sudo reboot +# the driver was/,
  ],
  [
    'a broken driver',
    { facts: async () => ({ ...facts, gpus: [], gpuProblem: 'version mismatch.' }) },
    'gpu driver',
    'error',
    /version mismatch/,
    /reboot/,
  ],
  ['a lost GPU', { facts: async () => ({ ...facts, gpuProblem: 'GPU is lost.' }) }, 'gpu driver', 'warning', /GPU is lost/, /dmesg/],
  [
    'no toolkit',
    { facts: async () => ({ ...facts, gpuProblem: toolkitMissing }), attach: noToolkit, toolkitInstalled: async () => false },
    'gpu toolkit',
    'error',
    /toolkit is not/,
    /apt-get install -y nvidia-container-toolkit/,
  ],
  [
    'a CDI specification that names no UUIDs',
    { attach: async () => ({ method: null, why: 'by number', fix: makeCdiSpec }) },
    'gpu toolkit',
    'error',
    /by number/,
    /--device-name-strategy=uuid/,
  ],
  ['CDI', { attach: async () => ({ method: 'cdi' }) }, 'gpu toolkit', 'ok', /with CDI/, null],
  ['GPUs of two kinds', gpus({}, {}, { name: 'NVIDIA T4' }), 'gpu driver', 'ok', /2 × NVIDIA RTX A6000, 1 × NVIDIA T4$/, null],
  ['three GPUs', gpus({}, {}, {}), 'gpus', 'ok', /^All 3 GPUs can/, null],
  [
    'a broken GPU',
    gpus({}, { index: 1, problem: 'it must be reset' }),
    'gpus',
    'warning',
    /^Not handed out: GPU 1 \(NVIDIA RTX A6000\): it must be reset\.$/,
    /xid/,
  ],
  ['nothing but broken GPUs', gpus({ problem: 'it must be reset' }), 'gpus', 'error', /^No GPU can be handed out: GPU 0/, /xid/],
  [
    'a GPU in parts',
    gpus({ problem: dividedIntoMig }, { uuid: 'MIG-1', mig: { parent: gpu.uuid, profile: '1g.5gb' } }),
    'gpus',
    'ok',
    /^GPU 0 .* is divided into 1 MIG devices/,
    null,
  ],
  ['a GPU that is to be divided', gpus({ problem: dividedIntoMig }), 'gpus', 'warning', /has no MIG devices/, /nvidia-smi -i 0 -mig 0/],
  ['a toolkit not configured', { attach: noToolkit }, 'gpu toolkit', 'error', /not told of it/, /nvidia-ctk runtime configure/],
  ['a look that fails', { gitVersion: throws(new Error('EMFILE')) }, 'git', 'error', /could not be checked: EMFILE/, /daemon logs/],
])('%s', async (_, ill, name, status, message, fix) => {
  const check = (await diagnose(machine(ill))).find((one) => one.name === name);
  expect(check).toMatchObject({ status, message: expect.stringMatching(message) });
  expect(check?.fix ?? null).toEqual(fix && expect.stringMatching(fix));
});

test('the toolkit is not the driver’s fault', async () => {
  const checks = await diagnose(machine({ facts: async () => ({ ...facts, gpuProblem: toolkitMissing }), attach: noToolkit }));
  expect(checks.find(({ name }) => name === 'gpu driver')).toMatchObject({
    status: 'ok',
    message: 'NVIDIA driver 580.1, 1 × NVIDIA RTX A6000',
  });
});

test('without an engine, what only it can tell is left out', async () => {
  const names = (await diagnose(machine({ info: throws(new EngineError('unreachable', 'x')) }))).map(({ name }) => name);
  expect(names).toEqual(['node', 'home', 'disk', 'git', 'engine', 'gpu driver', 'gpus']);
});

test('with the default image missing, trials use another that is here', async () => {
  const tried: string[] = [];
  const trial = async (image: string) => {
    tried.push(image);
    return { exitCode: 0, output: '67108864', limit: 67_108_864 };
  };
  await diagnose(machine({ hasImage: async (image) => image === 'python:3.13', trial }));
  await diagnose(machine({ hasImage: async (image) => image === 'mine:1', otherImages: async () => ['mine:1'], trial }));
  expect(tried).toEqual(['python:3.13', 'mine:1']);
});

test('this machine and the real engine', async () => {
  const home = mkdtempSync(join(tmpdir(), 'doctor-'));
  try {
    const engine = createDockerEngine({ endpoint: process.env['DOCKER_HOST']!, installation: 'doctor-test' });
    const config = { ...defaultConfig(), images: { '3.11': 'dstack-test/nonexistent:1' } };
    const host = createLocalHost({ home, engine, nvidiaSmi: join(home, 'no-nvidia-smi') });
    const parts = doctorParts({ home, config, engine, host, otherImages: async () => ['dstack-test/tiny:1'] });
    const found = (name: string) => checks.find((check) => check.name === name);

    let checks = await diagnose(parts);
    for (const name of ['node', 'home', 'git', 'engine', 'containers', 'memory limits', 'workspaces']) {
      expect(found(name)).toMatchObject({ name, status: 'ok', fix: null });
    }
    expect(found('base image')).toMatchObject({ status: 'warning', fix: 'docker pull dstack-test/nonexistent:1' });
    expect(readdirSync(home)).toEqual([]);
    expect(await engine.list('doctor-test')).toEqual([]);
    expect(await engine.volumes('doctor-test')).toEqual([]);

    chmodSync(home, 0o755);
    checks = await diagnose({
      ...parts,
      info: () => createDockerEngine({ endpoint: `unix://${home}/none.sock`, installation: 'x' }).info(),
    });
    expect(found('home')).toMatchObject({ status: 'warning' });
    expect(found('engine')).toMatchObject({ status: 'error', message: expect.stringContaining('No Docker Engine answers') });
  } finally {
    rmSync(home, { recursive: true });
  }
});
