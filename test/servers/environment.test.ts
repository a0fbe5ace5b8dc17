/** Environments with the real pip and Python's own venv, without the Internet: packages come from a folder of the project. */
import { crc32 } from 'node:zlib';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Environment, Run } from '../../shared/api.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { project } from '../support/project.ts';
import { imagePython, pythonImage } from './images.ts';

const python = (): Promise<TestDaemon> => startDaemon({ config: { images: { [imagePython]: pythonImage }, default_python: imagePython } });

/** An archive of these files, not compressed (PKWARE's APPNOTE, 4.3). */
function zip(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), common, Buffer.from(name), data]);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 0]), common, entry, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, list, Buffer.from('PK\u0005\u0006'), end]);
}

/** A package of one module that says its version. */
const wheel = (name: string, version: string): Buffer => {
  const info = `${name}-${version}.dist-info`;
  return zip({
    [`${name}.py`]: `version = '${version}'\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: `${name}.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/RECORD,,\n`,
  });
};

const projectWith = (requirements: string, workflow: string): Promise<string> =>
  project({
    '.dstack/workflows.yaml': `workflows:\n  - name: w\n    provider: bash\n    requirements: requirements.txt\n${workflow}`,
    'requirements.txt': `--no-index\n--find-links ./wheels\n${requirements}\n`,
    'wheels/greeting-1.0-py3-none-any.whl': wheel('greeting', '1.0'),
    'wheels/greeting-2.0-py3-none-any.whl': wheel('greeting', '2.0'),
  });

test('pip installs once, and again for other requirements', async () => {
  await using daemon = await python();
  const cwd = await projectWith(
    'greeting==1.0',
    `    commands:\n      - python -c 'import greeting; print("version", greeting.version)'\n`,
  );
  const run = async () => (await daemon.cli(['run', 'w'], { cwd })).stdout;
  expect(await run()).toMatch(/Successfully installed greeting-1\.0\s+(.*\n)*version 1\.0\n$/);
  expect(await run()).toBe('version 1.0\n');
  writeFileSync(join(cwd, 'requirements.txt'), '--no-index\n--find-links ./wheels\ngreeting==2.0\n');
  expect(await run()).toMatch(/Successfully installed greeting-2\.0\s+(.*\n)*version 2\.0\n$/);
  expect(await daemon.json<Environment[]>(['env', 'list'], { cwd })).toMatchObject([
    { image: pythonImage, requirements: 'requirements.txt', commands: ['pip install -r requirements.txt'] },
    { image: pythonImage },
  ]);
});

test('requirements that do not resolve fail the run with what pip says', async () => {
  await using daemon = await python();
  const cwd = await projectWith('greeting==3.0', '    commands: [echo never]\n');
  const { code, stdout } = await daemon.cli(['run', 'w'], { cwd });
  expect(code).toBe(1);
  expect(stdout).toContain('No matching distribution found for greeting==3.0');
  expect(stdout).not.toContain('never');
  const [run] = await daemon.json<Run[]>(['ps', '-a'], { cwd });
  expect(run).toMatchObject({
    status: 'failed',
    reason: 'the environment could not be built: `pip install -r requirements.txt` ended with exit code 1',
  });
});

test('a virtual environment that the set-up switches on is on in every run', async () => {
  await using daemon = await python();
  const setup = `    before_run:
      - python -m venv --system-site-packages /opt/venv
      - . /opt/venv/bin/activate
      - pip install --no-index --find-links wheels --upgrade greeting==2.0
    commands: ["which python", "python -c 'import greeting; print(greeting.version)'", "deactivate", "python -c 'import greeting; print(greeting.version)'"]
`;
  const cwd = await projectWith('greeting==1.0', setup);
  const own = '/opt/venv/bin/python\n2.0\n1.0\n';
  const first = (await daemon.cli(['run', 'w'], { cwd })).stdout;
  expect(first.slice(-own.length)).toBe(own);
  expect((await daemon.cli(['run', 'w'], { cwd })).stdout).toBe(own);
});
