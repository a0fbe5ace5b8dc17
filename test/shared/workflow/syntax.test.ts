import { expect, test } from 'vitest';
import { bash, load, problemsOf } from './helpers.ts';

test.each<[string, string, string[]]>([
  [
    'a key without a value',
    'workflows:\n  - name: x\n    provider: bash\n    depends\n    resources:\n      gpu: 1\n',
    ['4 <depends> this is neither a key with a value nor part of the line before | write `key: value`, and indent it like its neighbours'],
  ],
  [
    'no space behind the colon',
    'workflows:\n  - name: x\n    resources:\n      gpu:0\n      memory: 1GB\n',
    ['4 <gpu:0> this line has no value | a space belongs behind the colon: `key: value`'],
  ],
  [
    'a second colon',
    'workflows: a: b',
    ['1 <a> there is a second `: ` on this line | quote text that contains `: `, and check the indentation of the next line'],
  ],
  ['a tab', 'workflows:\n\t- name: x\n', ['2 <\t> a tab is used to indent | YAML takes spaces only']],
  [
    'an unclosed list',
    'workflows: [1, 2',
    ['1 <> YAML cannot read this: flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  ['an unclosed quote', 'workflows: "x', ['1 <> YAML cannot read this: missing closing "quote']],
  ['a reserved character', 'workflows: @x', ['1 <@> text cannot begin with `@` | quote it']],
  ['an escape', 'workflows: "\\q"', ['1 <\\> \\q is no escape that YAML knows | double the backslash, or use single quotes']],
  [
    'two documents',
    'workflows: []\n---\na: 1',
    ['2 <---> a second document begins here | a workflow file holds one: remove the `---`, or write two files'],
  ],
])('%s', (_, text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

test('a custom type is ignored, with a hint', () => {
  expect(problemsOf(bash('help: !text x'))).toEqual(['5 <!text> (hint) the type !text is not known and ignored']);
});

test('anchors, aliases and merge keys', () => {
  const loaded = load(`x-common: &common
  provider: bash
  commands: &commands [python train.py]
  resources: &gpu {gpu: 1}
workflows:
  - <<: *common
    name: a
  - {<<: [{python: 3.10}, *common], name: b, python: 3.11, commands: [x]}
  - name: c
    provider: bash
    commands: *commands
    resources:
      <<: *gpu
      cpu: 2
`);
  expect(loaded).toMatchObject({ ok: true });
  const workflows = loaded.ok ? loaded.workflows : new Map();
  expect(workflows.get('a')).toMatchObject({
    workflow: { provider: 'bash', commands: ['python train.py'], resources: { gpu: { count: 1 } } },
  });
  expect(workflows.get('b')).toMatchObject({ workflow: { python: '3.11', commands: ['x'] } });
  expect(workflows.get('c')).toMatchObject({ workflow: { commands: ['python train.py'], resources: { gpu: { count: 1 }, cpu: 2 } } });
});

test('an anchor given anew counts from there on', () => {
  const loaded = load(
    'workflows:\n- {name: a, provider: bash, commands: &x [one]}\n- {name: b, provider: bash, commands: *x, setup: &x [two]}\n- {name: c, provider: bash, commands: *x}',
  );
  expect(loaded.ok && [...loaded.workflows.values()].map(({ workflow }) => workflow.provider === 'bash' && workflow.commands)).toEqual([
    ['one'],
    ['one'],
    ['two'],
  ]);
});

test.each<[string, string[]]>([
  [bash('setup: *nope'), ['5 <*nope> there is no anchor `&nope` before this']],
  [bash('help: &setup x', 'setup: *stup'), ['6 <*stup> there is no anchor `&stup` before this | did you mean `*setup`?']],
  [bash('setup: &a [*a]'), ['5 <[*a]> this alias stands for something that contains it']],
  [bash('<<: 5'), ['5 <<<> `<<` merges maps, and this is none | write `<<: *name` with the anchor of a map']],
])('aliases of nothing: %j', (text, problems) => {
  expect(problemsOf(text)).toEqual(problems);
});

test('an alias bomb is refused', () => {
  const lines = ['x-0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level += 1)
    lines.push(`x-${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  const problems = problemsOf(`${lines.join('\n')}\nworkflows:\n- {name: a, provider: bash, commands: *a11}\n`);
  expect(problems).toEqual([expect.stringMatching(/the aliases of this file stand for too many values \| at most 10000 in all/)]);
});

test.each(['[', '{a: ', '- ', '? '])('10,000 times %j is refused', (open) => {
  const loaded = load(open.repeat(10_000));
  expect(loaded.ok).toBe(false);
});

test('nesting that YAML can read but no workflow needs', () => {
  expect(problemsOf(`workflows: ${'['.repeat(40)}${']'.repeat(40)}`)).toEqual(
    [expect.stringMatching(/this is nested more than 32 deep/), expect.stringMatching(/expected a workflow, found a list/)].toReversed(),
  );
});
