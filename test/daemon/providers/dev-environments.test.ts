import { expect, test } from 'vitest';
import { jobsOf } from '../../../daemon/providers/providers.ts';
import { shownCommands } from '../../../daemon/providers/shown-commands.ts';
import { parseWorkflows } from '../../../shared/workflow/load.ts';

function jobOf(...lines: string[]) {
  const text = ['workflows:', '- name: a', ...lines.map((line) => `  ${line}`)].join('\n');
  const loaded = parseWorkflows([{ path: 'workflows.yaml', text }]);
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  const workflow = loaded.workflows.get('a')?.workflow;
  const [job, ...others] = workflow ? jobsOf(workflow, 'python:3.11') : [];
  if (!job || others.length > 0) throw new Error('one job is expected');
  return job;
}
const commandsOf = (...lines: string[]): string => {
  const { start } = jobOf(...lines);
  return start.kind === 'script' ? start.commands.join('\n') : '';
};

test('lab: what the image lacks is installed, the token comes in a variable', () => {
  const job = jobOf('provider: lab', 'requirements: r.txt', 'before_run: [echo hi]', 'artifacts: [output]', 'resources: {gpu: 1}');
  expect(job).toMatchObject({
    image: 'python:3.11',
    ports: [{ container: 10_000, host: null }],
    environment: {
      requirements: 'r.txt',
      install: [
        expect.stringMatching(/^# dstack installs JupyterLab with pip\ncommand -v jupyter-lab .*\n.*then pip install jupyterlab\n/),
      ],
      setup: ['echo hi'],
    },
    app: { name: 'lab', port: 0, path: '/lab', tokenParameter: 'token', tokenVariable: 'JUPYTER_TOKEN' },
    artifacts: [{ path: 'output' }],
    gpu: { count: 1 },
  });
  expect(commandsOf('provider: lab')).toMatch(/^jupyter-lab --ip=0\.0\.0\.0 --port=\$PORT_0 .*--notebook-dir=\/workflow/);
});

test('a version is installed whatever the image has', () => {
  const installs = (what: string): unknown => [
    expect.stringMatching(new RegExp(`^# .*\nif command -v pip .*; then pip install ${what}\n`)),
  ];
  expect(jobOf('provider: lab', 'version: 4.2.0').environment?.install).toEqual(installs('jupyterlab==4.2.0'));
  expect(jobOf('provider: notebook', 'version: "7"').environment?.install).toEqual(installs('notebook==7'));
});

test('the page is that of the working directory', () => {
  expect(jobOf('provider: lab', 'working_dir: src/a b').app?.path).toBe('/lab/tree/src/a%20b');
  expect(jobOf('provider: notebook').app?.path).toBe('/tree');
  expect(jobOf('provider: notebook', 'working_dir: src').app?.path).toBe('/tree/src');
  expect(commandsOf('provider: code', 'working_dir: a b')).toBe("sh /run/dstack/code '/workflow/a b'");
});

test('further ports come after that of the server, which is none of them', () => {
  expect(jobOf('provider: notebook', 'ports: 2').ports.map((port) => port.container)).toEqual([10_002, 10_000, 10_001]);
  expect(jobOf('provider: lab', 'ports: ["10000:10000", 6006]').ports).toEqual([
    { container: 10_001, host: null },
    { container: 10_000, host: 10_000 },
    { container: 6006, host: 6006 },
  ]);
});

test('code: the server is mounted where the image has none; one of a version always', () => {
  const job = jobOf('provider: code', 'extensions: [ms-python.python, "./x y.vsix"]');
  expect(job.app).toMatchObject({ name: 'code', tokenParameter: 'tkn', server: { version: null } });
  expect(job.environment).toMatchObject({ server: { version: null } });
  expect(job.environment?.install).toEqual([
    expect.stringContaining(`"$dstack_server" --install-extension ms-python.python </dev/null\n)`),
  ]);
  expect(job.environment?.setup).toEqual([expect.stringContaining(`"$dstack_server" --install-extension './x y.vsix' </dev/null\n)`)]);
  expect(commandsOf('provider: code', 'version: 1.99.3')).toBe('sh /run/dstack/code /workflow ours');
  expect(jobOf('provider: code').environment).toBeNull();
  expect(jobOf('provider: code', 'requirements: r.txt').environment).toEqual({ requirements: 'r.txt', install: [], setup: [] });
});

test('they are shown by their names', () => {
  expect(['lab', 'notebook', 'code'].map((provider) => shownCommands(jobOf(`provider: ${provider}`)))).toEqual([
    ['JupyterLab'],
    ['Jupyter Notebook'],
    ['VS Code'],
  ]);
});
