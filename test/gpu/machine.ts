/** The machine that scripts/test-gpu runs on, and what its tests share. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GpuInfo, Run, RunDetail, Stats } from '../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { project } from '../support/project.ts';
import { waitFor } from '../support/wait-for.ts';

const given = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: these tests are started by scripts/test-gpu`);
  return value;
};

/** The Python that has PyTorch, inside the image; with the machine's own system as image, on the machine too. */
export const python = (): string => given('DSTACK_TEST_GPU_PYTHON');

/** One row for each GPU with these fields, as nvidia-smi prints them (without units). */
export function nvidiaSmi(...fields: string[]): string[][] {
  const text = execFileSync('nvidia-smi', [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'], { encoding: 'utf8' });
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()));
}

export const gpuUuids = (): string[] => nvidiaSmi('uuid').map(([uuid]) => uuid ?? '');

/** Writes what nvidia-smi says now into $OUT, where that is set: recorded outputs for tests on machines without a GPU. */
export function record(name: string): void {
  const dir = process.env['OUT'];
  if (!dir) return;
  mkdirSync(dir, { recursive: true });
  const fields =
    'index,uuid,name,memory.total,memory.used,utilization.gpu,temperature.gpu,power.draw,driver_version,compute_cap,mig.mode.current';
  const queries = { 'q-x.xml': ['-q', '-x'], 'query.csv': [`--query-gpu=${fields}`, '--format=csv'], 'L.txt': ['-L'], 'table.txt': [] };
  for (const [ending, args] of Object.entries(queries)) {
    writeFileSync(join(dir, `${name}-${ending}`), execFileSync('nvidia-smi', args));
  }
  const apps = ['--query-compute-apps=gpu_uuid,pid,process_name,used_memory', '--format=csv'];
  writeFileSync(join(dir, `${name}-compute-apps.csv`), execFileSync('nvidia-smi', apps));
}

/** The same for what dstack says. */
export function recordAnswer(name: string, answer: unknown): void {
  const dir = process.env['OUT'];
  if (!dir) return;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, name), typeof answer === 'string' ? answer : `${JSON.stringify(answer, null, 2)}\n`);
}

/**
 * `load.py GIB SECONDS`: takes that much of each GPU it sees and multiplies matrices on them, printing what it sees; SECONDS 0: until it is ended.
 * `see.py`: prints as JSON how many GPUs PyTorch sees, how much of the first one is free, and the device files.
 */
const programs = {
  'load.py': `import sys, time, torch
gib, seconds = float(sys.argv[1]), float(sys.argv[2])
devices = [torch.device('cuda', i) for i in range(torch.cuda.device_count())]
kept = [torch.full((int(gib * 2**30),), 1, dtype=torch.uint8, device=d) for d in devices]
matrices = [torch.randn(4096, 4096, device=d) / 64 for d in devices]
print('filled', len(kept), flush=True)
began = time.time()
while seconds == 0 or time.time() - began < seconds:
    for i, m in enumerate(matrices):
        for _ in range(50): m = (m @ matrices[i]).clamp(-1, 1)
    torch.cuda.synchronize()
print('done', flush=True)
`,
  'see.py': `import glob, json, torch
free, total = torch.cuda.mem_get_info() if torch.cuda.is_available() else (0, 0)
print('SEEN ' + json.dumps({'count': torch.cuda.device_count(), 'free': free, 'total': total, 'files': sorted(glob.glob('/dev/nvidia[0-9]*'))}), flush=True)
`,
  'spin.py': `import time
began = time.time()
while time.time() - began < 120: pass
`,
};

export interface Seen {
  count: number;
  free: number;
  total: number;
  files: string[];
}

/** What see.py printed into a log. */
export const seenIn = (log: string): Seen | null => {
  const text = /SEEN (\{.*\})/.exec(log)?.[1];
  return text === undefined ? null : (JSON.parse(text) as Seen);
};

/** A project with the programs above and these workflows; `$PYTHON` in them is the image's. */
export const gpuProject = (...workflows: string[]): Promise<string> =>
  project({
    ...programs,
    '.dstack/workflows.yaml': `workflows:\n${workflows.map((w) => w.replaceAll('$PYTHON', python()).replaceAll(/^(?=.)/gm, '  ')).join('\n')}\n`,
  });

/** A workflow of bash commands; `gpus` null: it asks for none. */
export const workflow = (name: string, gpus: number | null, commands: string[], more = ''): string =>
  [
    `- name: ${name}`,
    '  provider: bash',
    '  commands:',
    ...commands.map((command) => `    - ${JSON.stringify(command)}`),
    `  resources: {${[gpus === null ? '' : `gpu: ${gpus}`, more].filter(Boolean).join(', ')}}`,
    ...(commands.some((command) => command.includes('out/')) ? ['  artifacts: [out]'] : []),
  ].join('\n');

/** A daemon whose runs use the image with PyTorch. */
export const gpuDaemon = (config: object = {}): Promise<TestDaemon> => {
  const mounts = given('DSTACK_TEST_GPU_MOUNTS').split(',').filter(Boolean);
  return startDaemon({
    config: {
      images: { '3.11': given('DSTACK_TEST_GPU_IMAGE') },
      mounts,
      mount_roots: [...mounts.map((mount) => mount.split(':')[0]), '/tmp'],
      grace_period: '5s',
      ...config,
    },
  });
};

/** The daemon and a project of it: what a test says to them. */
export function desk(daemon: TestDaemon, cwd: string) {
  const log = async (name: string): Promise<string> => (await daemon.cli(['logs', name], { cwd })).stdout;
  const detail = (name: string): Promise<RunDetail> => daemon.json<RunDetail>(['ps', name], { cwd });
  return {
    log,
    detail,
    /** to its end: the log and the run */
    async run(target: string): Promise<{ run: Run; log: string; stderr: string }> {
      const { stdout, stderr } = await daemon.cli(['run', target], { cwd, seconds: 280 });
      const [run] = await daemon.json<Run[]>(['ps', '-a'], { cwd });
      if (!run) throw new Error(`there is no run of ${target}: ${stderr}`);
      return { run, log: stdout, stderr };
    },
    /** in the background; its name */
    async start(target: string): Promise<string> {
      const { code, stdout, stderr } = await daemon.cli(['run', target, '-d'], { cwd });
      if (code !== 0) throw new Error(`run ${target}: ${stderr}`);
      return stdout.trim();
    },
    async stop(...names: string[]): Promise<void> {
      await daemon.cli(['stop', ...names, '-x', '-y'], { cwd });
      for (const name of names)
        await waitFor(async () => ['aborted', 'stopped', 'done', 'failed'].includes((await detail(name)).status), `${name} to end`);
    },
    /** when its log has the words; throws with the run's own reason when it ends before */
    async untilLog(name: string, words: string): Promise<string> {
      const found = await waitFor(
        async () => {
          const text = await log(name);
          if (text.includes(words)) return { text };
          const run = await detail(name);
          return ['failed', 'done', 'stopped'].includes(run.status) && { text: null, run };
        },
        `${name} to print “${words}”`,
        { seconds: 200, every: 250 },
      );
      if (found.text === null)
        throw new Error(`${name} ended before it printed “${words}”: ${found.run.status}, ${found.run.reason}\n${await log(name)}`);
      return found.text;
    },
    untilStatus: (name: string, ...statuses: Run['status'][]): Promise<RunDetail> =>
      waitFor(
        async () => {
          const run = await detail(name);
          return statuses.includes(run.status) && run;
        },
        `${name} to be ${statuses.join(' or ')}`,
        { seconds: 200, every: 200 },
      ),
    gpus: (): Promise<GpuInfo[]> => daemon.json<GpuInfo[]>(['gpus'], { cwd }),
    stats: (name: string): Promise<Stats> => daemon.json<Stats>(['stats', name], { cwd }),
  };
}
