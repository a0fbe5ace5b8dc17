import { expect, test } from 'vitest';
import { load, problemsOf } from './helpers.ts';

const a = 'this file is written in dialect A of dstack (2021 to early 2022), whose workflows have no `provider`';
const b = 'this file is written in dialect B of dstack (April to July 2022)';

test.each<[string, string, string]>([
  ['- name: x\n  image: ubuntu\n  commands: [ls $model]', `3 <image> ${a}`, 'add `provider: docker` to workflows with an `image`'],
  [
    '- name: x\n  image: ubuntu\n  depends-on: {repo: {include: [a]}, workflows: [y]}\n- name: y\n  image: ubuntu\n  nonsense: 1',
    `3 <image> ${a}`,
    'add `provider: docker` to workflows with an `image`\n`depends-on` → `deps`, a list of workflows and :tags (nothing of the project needs to be listed)',
  ],
  [
    '- id: x\n  params: [{id: m}]\n  dependencies: [{id: y}]\n  triggers: []\n  variables: {}',
    `2 <id> ${a}`,
    [
      'add `provider: docker` to workflows with an `image`',
      '`dependencies` → `deps`, a list of workflows and :tags',
      '`params` → `env`, or `${{ run.args }}` in a command',
      '`variables` → `env`, or `${{ run.args }}` in a command',
      '`id` → `name`',
      '`triggers` → no successor',
    ].join('\n'),
  ],
  [
    '- name: x\n  provider: python\n  file: a.py\n  depends-on: [y:latest]\n- name: y\n  provider: python\n  file: b.py\n  environment: {A: 1}',
    `3 <python> ${b}`,
    [
      '`provider: python` with `file` → `provider: bash` with `commands: [python FILE]`',
      '`depends-on` → `deps`, a list of workflows and :tags; `NAME:latest` → `NAME`',
      '`environment` → `env`',
    ].join('\n'),
  ],
  ['- name: x\n  provider: jupyterlab', `3 <jupyterlab> ${b}`, '`provider: jupyterlab` → `provider: lab`'],
  [
    '- name: x\n  provider: curl\n  url: u',
    `3 <curl> ${b}`,
    '`provider: curl` with `url` and `output` → `provider: bash` with `commands: [curl -o OUTPUT URL]`',
  ],
  [
    '- name: x\n  provider: gradio',
    `3 <gradio> ${b}`,
    '`provider: gradio` → `provider: bash` with `ports: 1` and a command that starts gradio on $PORT_0',
  ],
  [
    '- name: x\n  provider: {repo: u, name: torchrun}\n  resources: {nodes: 2}',
    `3 <provider> ${b}`,
    '`provider: {repo, name}` → the name of a provider that is built in: bash, code, docker, lab, notebook, torchrun\n`resources.nodes` → `nodes` of torchrun',
  ],
  ['- name: x\n  provider: {name: pytorch-ddp}', `3 <provider> ${b}`, '`provider: pytorch-ddp` → `provider: torchrun`'],
  ['- name: x\n  provider: torchrun\n  script: a.py\n  environment: {A: 1}', `5 <environment> ${b}`, '`environment` → `env`'],
  ['- name: x\n  provider: bash\n  python_script: a.py', `4 <python_script> ${b}`, '`python_script` → a command: `python FILE`'],
])('%j', (text, message, successors) => {
  expect(problemsOf(`workflows:\n${text}`)).toEqual([`${message} | ${successors}`]);
});

test('one workflow without provider among others is no dialect', () => {
  expect(problemsOf('workflows:\n- {name: x, image: a}\n- {name: y, provider: docker, image: a}')).toEqual([
    '2 <x> this workflow has no `provider` | add `provider: docker`',
  ]);
});

test('nor is a workflow called like a provider of old', () => {
  expect(problemsOf('workflows:\n- {name: python, provider: bash, commands: [x]}\n- {name: y, provider: python}')).toEqual([
    expect.stringMatching(/^3 <python> `python` is a workflow, not a provider/),
  ]);
});

test('the next dialects load', () => {
  const text = `workflows:
  - name: prepare
    provider: bash
    before_run: [pip install -r requirements.txt]
    commands: [python prepare.py]
    artifacts: [{path: ./data, mount: true}]
  - name: app
    provider: bash
    deps: [{workflow: prepare}]
    ports: [3000]
    cache: [~/.cache/pip]
    commands: ["uvicorn main:app --port 3000"]
    resources: {gpu: {name: V100}, local: true}
`;
  expect(load(text)).toMatchObject({ ok: true });
  expect(problemsOf(text).every((line) => line.includes('(hint)'))).toBe(true);
});
