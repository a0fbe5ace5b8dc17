import { describe, expect, test } from 'vitest';
import { bash, load, problemsOf } from './helpers.ts';

const providers = 'bash, code, docker, lab, notebook and torchrun';

describe('keys', () => {
  test.each<[string, string[], string[]]>([
    ['a slip', ['artifiacts: [x]'], ['5 <artifiacts> `artifiacts` is not a key of bash workflows | did you mean `artifacts`?']],
    ['a dash', ['working-dir: x'], ['5 <working-dir> `working-dir` is not a key of bash workflows | did you mean `working_dir`?']],
    ['of resources', ['gpu: 1'], ['5 <gpu> `gpu` is not a key of bash workflows | it belongs into `resources`']],
    [
      'of the workflow',
      ['resources: {mounts: []}'],
      ['5 <mounts> `mounts` is not a key of `resources` | it belongs to the workflow, not into `resources`'],
    ],
    ['of another provider', ['version: 1'], ['5 <version> `version` is not a key of bash workflows | it is for code, lab and notebook']],
    ['of other tools', ['volumes: [x]'], ['5 <volumes> `volumes` is not a key of bash workflows | write `mounts`']],
    [
      'like Kubernetes',
      ['resources: {V100/gpu: 1}'],
      ['5 <V100/gpu> `V100/gpu` is not a key of `resources` | write `gpu: {name: V100, count: 1}`'],
    ],
    [
      'of gpu',
      ['resources:', '  gpu: {cuont: 1}'],
      ['6 <gpu> (hint) this asks for one GPU | write `count` for more', '6 <cuont> `cuont` is not a key of `gpu` | did you mean `count`?'],
    ],
    [
      'of a dep',
      ['deps: [{tga: x}]'],
      [
        '5 <{tga: x}> deps: a dep is either a tag or a workflow | give one of `tag` and `workflow`',
        '5 <tga> `tga` is not a key of `deps` | did you mean `tag`?',
      ],
    ],
    [
      'of an artifact',
      ['artifacts: [{pth: x}]'],
      ['5 <pth> `artifacts` needs `path`', '5 <pth> `pth` is not a key of `artifacts` | did you mean `path`?'],
    ],
    [
      'inherited by objects',
      ['toString: 1', '__proto__: 2', 'constructor: 3'],
      [
        expect.stringContaining('5 <toString> `toString` is not a key of bash workflows | there are artifacts,'),
        expect.stringContaining('6 <__proto__> `__proto__` is not a key'),
        expect.stringContaining('7 <constructor> `constructor` is not a key'),
      ],
    ],
    ['twice', ['python: 3.10', 'python: 3.11'], ['6 <python> `python` is given twice | the first is on line 5']],
    ['twice in resources', ['resources: {cpu: 1, cpu: 2}'], ['5 <cpu> `cpu` is given twice | the first is on line 5']],
    ['that are no text', ['resources: {[a]: 1}'], ['5 <[a]> a key must be text']],
  ])('%s', (_, lines, problems) => {
    expect(problemsOf(bash(...lines))).toEqual(problems);
  });

  test.each<[string, string, string[]]>([
    ['misspelt', 'worfklows: []', ['1 <worfklows> `worfklows` is not a key of a workflow file | did you mean `workflows`?']],
    [
      'foreign',
      'workflows: []\nversion: 1',
      ['2 <version> `version` is not a key of a workflow file | it has one, `workflows`; a place for anchors begins with `x-`'],
    ],
    ['missing', '# nothing', ['1 <#> the file has no `workflows` | it begins with `workflows:`, and below it `- name: …` for each']],
    ['empty', 'workflows:', ['1 <workflows> workflows: expected a list, found nothing | begin each workflow with `- name: …`']],
    ['no list', 'workflows: {a: 1}', ['1 <{a: 1}> workflows: expected a list, found a map | begin each workflow with `- name: …`']],
    [
      'forgotten',
      'name: x\nprovider: bash',
      ['1 <x> this workflow does not stand in the list `workflows` | begin the file with `workflows:`, and the workflow with `- name: …`'],
    ],
    [
      'of no maps',
      'workflows:\n- foo',
      ['2 <foo> expected a workflow, found the text `foo` | begin it with `- name: …` and `provider: …`'],
    ],
  ])('the root: %s', (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test('a root key for anchors and an empty list are fine', () => {
    expect(load('x-common: &a {}\nworkflows: []')).toEqual({ ok: true, workflows: new Map(), hints: [] });
  });
});

test('a name that hides a provider', () => {
  const hint = (name: string) => problemsOf(`workflows:\n- {name: ${name}, provider: lab}\n`);
  expect(hint('lab')).toEqual([
    '2 <lab> (hint) `lab` is a provider too | `dstack run lab` is this workflow; give it another name to have both',
  ]);
  expect(hint('labs')).toEqual([]);
});

describe('what is missing', () => {
  test.each<[string, string[]]>([
    ['- provider: bash\n  commands: [x]', ['2 <provider> this workflow has no `name` | add `name: …`, which `dstack run` calls it by']],
    ['- name: x\n  provider: bash', ['2 <x> a bash workflow needs `commands` | for example `commands: [python train.py]`']],
    ['- name: x\n  provider: docker', ['2 <x> a docker workflow needs `image` | for example `image: ubuntu`']],
    ['- name: x\n  provider: torchrun', ['2 <x> a torchrun workflow needs `file` | for example `file: train.py`']],
    ['- name: x\n  commands: [x]', ['2 <x> this workflow has no `provider` | add `provider: bash`']],
    [
      '- name: x\n  provider: lab\n  inactivity_duration: 0s',
      ['4 <0s> inactivity_duration 0s: this leaves no time | write for example 2h, or off'],
    ],
    [
      '- name: x\n  provider: lab\n  inactivity_duration: 5',
      ['4 <5> inactivity_duration 5: a duration needs a unit | write 5s, 5m, 5h or 5d; or off'],
    ],
    [
      '- name: x\n  provider: code\n  extensions: ms-python.python',
      ['4 <ms-python.python> extensions: expected a list of extensions, found the text `ms-python.python`'],
    ],
    ['- name: x\n  provider: lab\n  version: abc', ['4 <abc> version abc: this is not a version | write one such as 4.2.0']],
    [
      '- name: x\n  provider: lab\n  inactivity_duration: false',
      [expect.stringMatching(/^4 <false> inactivity_duration false: .* \| write for example 2h, or off$/)],
    ],
    ['- name: x', [`2 <x> this workflow has no \`provider\` | add one of bash, code, docker, lab, notebook or torchrun`]],
    ['- name: x\n  provider:', ['3 <provider> provider: expected one of bash, code, docker, lab, notebook or torchrun, found nothing']],
    ['- name: x\n  provider: docker\n  image: a\n  registry_auth: {username: me}', ['5 <username> `registry_auth` needs `password`']],
  ])('%j', (text, problems) => {
    expect(problemsOf(`workflows:\n${text}`)).toEqual(problems);
  });
});

describe('names', () => {
  test('of providers', () => {
    expect(problemsOf('workflows:\n- {name: a, provider: bahs, commands: [x]}')).toEqual([
      '2 <bahs> there is no provider `bahs` | did you mean `bash`?',
    ]);
    expect(problemsOf('workflows:\n- {name: a, provider: slurm}')).toEqual([
      `2 <slurm> there is no provider \`slurm\` | the providers are ${providers}`,
    ]);
  });
  test('a workflow as provider', () => {
    expect(problemsOf('workflows:\n- {name: prepare, provider: bash, commands: [x]}\n- {name: train, provider: prepare}')).toEqual([
      `3 <prepare> \`prepare\` is a workflow, not a provider | the providers are ${providers}; to use what \`prepare\` has saved, put it into \`deps\``,
    ]);
  });
  test('an unknown provider does not hide what else is wrong', () => {
    expect(problemsOf('workflows:\n- {name: a, provider: slurm, memroy: 1, python: 2}')).toHaveLength(3);
  });
  test.each(['""', '-x', 'a/b', ':a', '"a b"', '..', `"${'x'.repeat(101)}"`])('%s is no name of a workflow', (name) => {
    expect(problemsOf(`workflows:\n- {name: ${name}, provider: bash, commands: [x]}`)).toEqual([
      expect.stringMatching(/the name is empty|no workflow can have this name/),
    ]);
  });
  test('twice in a file, and over files', () => {
    const text = 'workflows:\n- {name: a, provider: bash, commands: [x]}\n';
    expect(problemsOf(`${text}- {name: a, provider: bash, commands: [x]}`)).toEqual([
      '3 <a> there is a second workflow `a` | the first is at line 2',
    ]);
  });
});

describe('values', () => {
  test.each<[string, string]>([
    ['commands: 5', '5 <5> commands: expected a list of commands, or a block of them behind `|`, found the number 5'],
    [
      'commands:',
      '5 <commands> commands: expected a list of commands, or a block of them behind `|`, found nothing | remove `commands`, or give it a value',
    ],
    ['commands: [1]', '5 <1> commands: expected a command, found the number 1'],
    ['commands: [""]', '5 <""> commands: this is empty | write a command, or leave the key out'],
    [
      'commands: [echo a: b]',
      '5 <echo a: b> commands: expected a command, found a map | the `: ` makes a map of it: put the command into quotes',
    ],
    ['help: [x]', '5 <[x]> help: expected text, found a list'],
    ['python: 3.6', '5 <3.6> python 3.6: there is no such version of Python here | Known are 3.7, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13, 3.14'],
    [
      'python: 3.1',
      '5 <3.1> python 3.1: there is no such version of Python here | did you mean 3.10? Known are 3.7, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13, 3.14',
    ],
    [
      'python: 3.10.4',
      '5 <3.10.4> python 3.10.4: there is no such version of Python here | did you mean 3.10? Known are 3.7, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13, 3.14',
    ],
    ['resources: {memory: 16}', '5 <16> memory 16: a size needs a unit | write 16GB (decimal), 16GiB (binary) or 16MB'],
    ['resources: {memory: 1MB}', '5 <1MB> memory 1MB: this is too little for a container | write at least 6MB'],
    ['resources: {shm_size: 0GB}', '5 <0GB> shm_size 0GB: this is nothing | write at least 1MB'],
    ['resources: {cpu: 0}', '5 <0> cpu 0: this is not a number of cores | write 4 or 0.5; leave it out for no limit'],
    ['resources: {cpu: .inf}', '5 <.inf> cpu: expected a number of cores, found the number .inf'],
    ['resources: {gpu: -1}', '5 <-1> gpu -1: this is less than 0 | write a whole number from 0 to 1024'],
    ['resources: {gpu: 1.5}', '5 <1.5> gpu 1.5: this is not a whole number | write a whole number from 0 to 1024'],
    ['resources: {gpu: true}', '5 <true> gpu: expected a number of GPUs, or {count, name, memory}, found true'],
    ['resources: {interruptible: yes}', '5 <yes> interruptible: expected true or false, found the text `yes` | write true, without quotes'],
    [
      'resources: gpu:0',
      '5 <gpu:0> resources: expected a map of resources: cpu, memory, shm_size, gpu, interruptible, found the text `gpu:0` | a space belongs behind the colon: `gpu: 0`',
    ],
    ['max_duration: 10', '5 <10> max_duration 10: a duration needs a unit | write 10s, 10m, 10h or 10d'],
    ['idle_timeout: 30', '5 <30> idle_timeout 30: a duration needs a unit | write 30s, 30m, 30h or 30d'],
    ['max_duration: 0s', '5 <0s> max_duration 0s: this leaves no time | leave it out for no limit'],
    ['priority: high', '5 <high> priority high: this is not a whole number | write a whole number from -1000 to 1000'],
    ['retry: -1', '5 <-1> retry -1: this is less than 0 | write a whole number from 0 to 100'],
    ['retry: 101', '5 <101> retry 101: this is more than 100 | write a whole number from 0 to 100'],
    ["resources: {gpu: {name: ''}}", "5 <''> resources.gpu.name: this is empty | write the name of a GPU, or leave the key out"],
    ['working_dir: ../x', '5 <../x> working_dir ../x: the path leads out of the project | name a folder of the project, relative to it'],
    ['working_dir: /x', '5 </x> working_dir /x: the path is absolute | name a folder of the project, relative to it'],
    [
      'ports: 3000',
      '5 <3000> ports 3000: a single number is how many ports are needed | for port 3000 write [3000] in the file, 3000:3000 on the command line',
    ],
    [
      'ports: [port 1]',
      '5 <port 1> ports port 1: this is not a port | write 3000; "8000:80" for port 80 of the container at port 8000 of this machine; ":80" for any free port',
    ],
    ['ports: [80, "1:80"]', '5 <[80, "1:80"]> ports: the container\'s port 80 is given twice | give each port once'],
    ['mounts: ["/a:/b:x"]', '5 <"/a:/b:x"> mounts /a:/b:x: `x` is neither ro nor rw | end it with :ro (read-only) or :rw'],
    [
      'deps: [a/b]',
      '5 <a/b> deps a/b: another project is named by owner and repo | write :tag, :owner/repo/tag, workflow or owner/repo/workflow',
    ],
    ['deps: ["a:b"]', '5 <"a:b"> deps a:b: a dep is either a workflow or a tag | for the tag write :b'],
    [
      'deps: [":../../x"]',
      '5 <":../../x"> deps :../../x: this is not the name of a project | write :tag, :owner/repo/tag, workflow or owner/repo/workflow',
    ],
    [
      'deps: [{tag: a, workflow: b}]',
      '5 <{tag: a, workflow: b}> deps: a dep is either a tag or a workflow | give one of `tag` and `workflow`',
    ],
    ['deps: [a, {workflow: a}]', '5 <a> the dep a is given twice | remove one of them'],
    ['env: [A-B=1]', '5 <A-B=1> env A-B=1: no variable can have this name | names are letters, digits and `_`: A_B'],
    ['env: {1A: x}', '5 <1A> 1A: no variable can have this name | names are letters, digits and `_`: _1A'],
    ['env: ["=x"]', '5 <"=x"> env =x: the name of the variable is missing | write NAME=VALUE'],
    [
      'env: [A: 1]',
      '5 <A: 1> env: expected NAME=VALUE, or NAME for the submitter’s value, found a map | write `A=1`, or remove the dashes',
    ],
    ['env: {A: [1]}', '5 <[1]> A: expected text, a number, or nothing for the submitter’s value, found a list'],
    ['entrypoint: x', '5 <entrypoint> `entrypoint` is not a key of bash workflows | it is for docker'],
  ])('%s', (line, problem) => {
    const text = line.startsWith('commands') ? bash(line).replace('    commands: [python train.py]\n', '    # none\n') : bash(line);
    expect(problemsOf(text)).toEqual([problem]);
  });

  test.each<[string, string]>([
    ['../x', 'the path leads out of the working directory | name a folder below it, or an absolute path such as /workflow/output'],
    ['a/../../x', 'the path leads out of the working directory | name a folder below it, or an absolute path such as /workflow/output'],
    ['/', 'the root of the container cannot be replaced | name a folder of its own'],
    ['/a/..', 'the root of the container cannot be replaced | name a folder of its own'],
    ['/workflow', '/workflow is where the project is | name a folder of its own'],
    ['/usr/', 'it would hide /usr of the image | name a folder of its own'],
    ['/proc/x', '/proc/x belongs to the kernel | name a folder of its own'],
    ['.', 'the working directory itself cannot be an artifact | let the work write into a folder in it, and name that'],
    ['~/x', '`~` is not expanded here | write the path in full, for example /root/x'],
  ])('the artifact %s', (path, message) => {
    expect(problemsOf(bash(`artifacts: [ "${path}" ]`))).toEqual([`5 <"${path}"> artifacts ${path}: ${message}`]);
    expect(problemsOf(bash(`artifacts: [{path: "${path}"}]`))).toEqual([`5 <"${path}"> path ${path}: ${message}`]);
  });

  test('two artifacts, two mounts, or one of each at one path', () => {
    expect(problemsOf(bash('artifacts: [x, ./a/../x/]'))).toEqual(['5 <./a/../x/> two artifacts are at x | remove one of them']);
    expect(problemsOf(bash('mounts: ["/a:/x", "/b:/x"]'))).toEqual(['5 <"/b:/x"> two mounts are at /x | remove one of them']);
    expect(problemsOf(bash('working_dir: src', 'artifacts: [x]', 'mounts: ["/b:/workflow/src/x"]'))).toEqual([
      '7 <"/b:/workflow/src/x"> an artifact and a mount are at /workflow/src/x | remove one of them',
    ]);
    expect(problemsOf(bash('artifacts: [x]', 'mounts: ["/b:/x"]'))).toEqual([]);
  });

  test('the registry is not sent the name of a variable', () => {
    expect(problemsOf(bash('registry_auth: {username: $USER, password: "${{ secrets.P }}"}'))).toEqual([
      '5 <$USER> `$USER` is not filled in here | write `${{ secrets.USER }}`, and `dstack secrets add USER`',
    ]);
  });

  test('everything is reported at once, in the order of the file', () => {
    const problems = problemsOf(
      bash(
        'artifiacts: [x]',
        'python: 2.7',
        'python: 3.10',
        'resources: {memory: 16, gpus: 1}',
        'deps: [a/b, c, c]',
        'env: [1=2]',
        'setup: ["${{ x }}"]',
      ),
    );
    expect(problems.map((problem) => problem.split(' ', 1)[0])).toEqual(['5', '6', '7', '8', '8', '9', '9', '10', '11']);
  });

  test('of a hundred problems and more the rest is left out', () => {
    const problems = problemsOf(bash(...Array.from({ length: 150 }, (_, index) => `zzz${index}: 1`)));
    expect(problems).toHaveLength(100);
    expect(problems.at(-1)).toMatch(/there is more to say about this file/);
  });
});

describe('references', () => {
  test.each<[string, string]>([
    ['commands: ["a ${{ run.nmae }}"]', '5 <${{ run.nmae }}> `run.nmae` is not known here | did you mean `${{ run.name }}`?'],
    [
      'commands: ["${{ run.name }} ${{ secret.X }}"]',
      '5 <${{ secret.X }}> `secret.X` is not known here | did you mean `${{ secrets.X }}`?',
    ],
    [
      'commands: ["${{ batch_size }}"]',
      '5 <${{ batch_size }}> `batch_size` is not known here | there are `run.name`, `run.args` and `secrets.NAME`; to have this very text, write `$${{`',
    ],
    [
      'commands: ["${{ }}"]',
      '5 <${{ }}> there is no name in `${{ }}` | there are `run.name`, `run.args` and `secrets.NAME`; to have this very text, write `$${{`',
    ],
    [
      'commands: ["a ${{ run.name "]',
      '5 <${{ run.name> this `${{` is not closed | write `}}` behind the name on the same line; to have this very text, write `$${{`',
    ],
    [
      'commands: ["${{ secrets.A-B }}"]',
      '5 <${{ secrets.A-B }}> `A-B` is not a name of a secret | names of secrets are letters, digits and `_`, not beginning with a digit',
    ],
    [
      'artifacts: ["a/${{ run.args }}"]',
      '5 <${{ run.args }}> `artifacts` can only refer to `run.name` | secrets and arguments are for `commands` and `env`',
    ],
    [
      'image: "a:${{ secrets.X }}"',
      '5 <${{ secrets.X }}> `image` can only refer to `run.name` | secrets and arguments are for `commands` and `env`',
    ],
    [
      'mounts: ["/a:/b/${{ run.name }}"]',
      '5 <${{ run.name }}> references are not filled in here, in `mounts` | they are for `commands`, `env` and the like',
    ],
  ])('%s', (line, problem) => {
    const text = line.startsWith('commands') ? bash(line).replace('    commands: [python train.py]\n', '    # none\n') : bash(line);
    expect(problemsOf(text)).toEqual([problem]);
  });

  test('are found on their line of a block', () => {
    const text = bash('setup: |', '  echo ${{ run.name }}', '  echo ${{ run.nmae }} é ${{ run.nmae }}');
    expect(problemsOf(text)).toEqual([
      '7 <${{ run.nmae }}> `run.nmae` is not known here | did you mean `${{ run.name }}`?',
      '7 <${{ run.nmae }}> `run.nmae` is not known here | did you mean `${{ run.name }}`?',
    ]);
  });

  test('are allowed where they are filled in', () => {
    const text = bash(
      'env: {A: "${{ secrets.X }}"}',
      'artifacts: ["out/${{ run.name }}"]',
      'setup: ["echo $$ $HOME ${HOME} $(ls) $${{ x }} {{.Names}}"]',
      'help: "${{ anything"',
    );
    expect(problemsOf(text)).toEqual([]);
  });
});
