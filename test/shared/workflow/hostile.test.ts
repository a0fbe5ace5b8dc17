import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseWorkflows } from '../../../shared/workflow/load.ts';
import { providerNames, pythonVersions } from '../../../shared/workflow/model.ts';
import { renderProblem } from '../../../shared/workflow/problems.ts';

const word = fc.constantFrom(
  'train',
  'data',
  '../x',
  '/',
  ':tag',
  'o/r/w',
  'A=1',
  '16GB',
  '1h',
  '8000:80',
  '/a:/b:ro',
  '${{ run.name }}',
  '${{',
  '$$',
  '__proto__',
  'é日',
  '',
);
const scalar = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.string({ maxLength: 8 }));
const anything = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalar, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(word, tie('value'), { maxKeys: 3 })),
})).value;

const good: Record<string, fc.Arbitrary<unknown>> = {
  name: fc.constantFrom('train', 'prepare', 'a.b-c_1'),
  provider: fc.constantFrom(...providerNames),
  help: fc.string(),
  deps: fc.array(fc.constantFrom(':t', 'w', 'o/r/w', { tag: 't' }, { workflow: 'w' }), { maxLength: 3 }),
  artifacts: fc.array(fc.constantFrom('a', './b', { path: 'c' }, '/opt/x'), { maxLength: 3 }),
  env: fc.oneof(fc.array(fc.constantFrom('A=1', 'B', 'C='), { maxLength: 3 }), fc.dictionary(fc.constantFrom('A', 'B'), scalar)),
  python: fc.constantFrom<string | number>(...pythonVersions, 3.11),
  commands: fc.oneof(
    fc.array(fc.constantFrom('ls', 'echo ${{ run.args }}', 'pip install x.txt'), { minLength: 1, maxLength: 3 }),
    fc.constant('ls\necho a\n'),
  ),
  setup: fc.array(fc.string()),
  image: fc.constantFrom('ubuntu', 'a/b:c'),
  file: fc.constant('train.py'),
  resources: fc.record(
    {
      cpu: fc.constantFrom(1, 0.5, '2'),
      memory: fc.constantFrom('16GB', '8GiB'),
      gpu: fc.constantFrom<unknown>(0, 1, { name: 'A100' }, { memory: '16GB' }),
      interruptible: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
  ports: fc.constantFrom<unknown>(1, [3000], ['8000:80']),
  mounts: fc.constant(['/a:/b']),
  max_duration: fc.constantFrom('1h', '90s'),
  idle_timeout: fc.constantFrom('30m', '2h'),
  priority: fc.integer({ min: -10, max: 10 }),
};

/** Mostly right, sometimes with values and keys that are not. */
const workflow = fc
  .record(
    Object.fromEntries(
      Object.entries(good).map(([key, value]) => [key, fc.oneof({ arbitrary: value, weight: 12 }, { arbitrary: anything, weight: 1 })]),
    ),
    { requiredKeys: ['name', 'provider', 'commands'] },
  )
  .chain((values) =>
    fc
      .oneof({ arbitrary: fc.constant({}), weight: 6 }, { arbitrary: fc.dictionary(word, anything, { maxKeys: 1 }), weight: 1 })
      .map((extra) => ({ ...values, ...extra })),
  );
const file = fc.array(workflow, { maxLength: 2 }).map((workflows) => stringify({ workflows }));

type Mutation = (text: string) => string;
const scrap = fc.constantFrom(
  ' ',
  '\n',
  '\t',
  ':',
  '- ',
  '"',
  "'",
  '[',
  '{',
  '}',
  '&a ',
  '*a',
  '<<: ',
  '|',
  '#',
  '!',
  '@',
  '${{',
  '\u0000',
  '\ud800',
  '\r\n',
  '\uFEFF',
  '---\n',
  '? ',
);
const at = fc.double({ min: 0, max: 1, noNaN: true });
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, scrap).map(
    ([where, what]): Mutation =>
      (text) =>
        text.slice(0, where * text.length) + what + text.slice(where * text.length),
  ),
  fc.tuple(at, fc.nat({ max: 12 })).map(
    ([where, count]): Mutation =>
      (text) =>
        text.slice(0, where * text.length) + text.slice(where * text.length + count),
  ),
  fc.tuple(at, at).map(([from, to]): Mutation => (text) => {
    const lines = text.split('\n');
    lines.splice(Math.floor(to * lines.length), 0, lines[Math.floor(from * lines.length)] ?? '');
    return lines.join('\n');
  }),
);

/** Whether a text loads. Either way each problem has a place in the file and can be shown; an assertion for each would take most of the time. */
function check(text: string): boolean {
  const loaded = parseWorkflows([{ path: 'f.yaml', text }]);
  const problems = loaded.ok ? loaded.hints : loaded.problems;
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const misplaced = problems.filter((problem) => {
    const line = lines[problem.line - 1]?.replace(/\r$/, '');
    const inLine = problem.column >= 1 && problem.column <= (line?.length ?? -1) + 1 && problem.length >= 1;
    const shown = renderProblem(problem).startsWith(`f.yaml:${problem.line}:${problem.column}: `);
    return line !== problem.sourceLine || !inLine || !shown || /undefined|\[object|Invalid input/.test(problem.message);
  });
  if (misplaced.length > 0) expect(misplaced).toEqual([]);
  if (!loaded.ok && !problems.some(({ severity }) => severity === 'error'))
    throw new Error('it does not load, and nothing is said about it');
  return loaded.ok;
}

/** Checks that many texts, and gives how many of them loaded. */
function checkMany(texts: fc.Arbitrary<string>, numRuns: number): number {
  let loaded = 0;
  fc.assert(
    fc.property(texts, (text) => {
      if (check(text)) loaded += 1;
    }),
    { numRuns },
  );
  return loaded;
}

// the counts: the generators must not degenerate to texts of one kind
test('5,000 generated files', () => {
  const loaded = checkMany(file, 5000);
  expect(loaded).toBeGreaterThan(250);
  expect(loaded).toBeLessThan(4750);
});

test('5,000 mutated files', () => {
  const mutated = fc.tuple(file, fc.array(mutation, { minLength: 1, maxLength: 4 }));
  const loaded = checkMany(
    mutated.map(([text, mutations]) => mutations.reduce((before, mutate) => mutate(before), text)),
    5000,
  );
  expect(loaded).toBeGreaterThan(50);
  expect(loaded).toBeLessThan(3000);
});

test('text that is no workflow file at all', () => {
  const signs = fc.constantFrom('\n', ' ', '- ', ': ', '{', '}', '[', ']', '&a', '*a', '"', "'", '|', '>', 'workflows');
  expect(checkMany(fc.string({ unit: fc.oneof(signs, fc.string({ unit: 'binary', maxLength: 1 })) }), 2000)).toBe(0);
});

test.each<[string, string]>([
  ['dollars', `commands: ["\${{ x${'$'.repeat(300_000)}"]`],
  ['unclosed references', `commands: ["${'${{ x '.repeat(60_000)}"]`],
  ['unclosed references on many lines', `commands: |\n${'    ${{ x\n'.repeat(30_000)}`],
  ['wrong references', `artifacts: ["${'${{secrets.a}}'.repeat(30_000)}"]`],
  ['ports', `ports: [${Array.from({ length: 60_000 }, (_, index) => index + 1).join(',')}]`],
  ['pip', `commands: ["pip install ${'a'.repeat(300_000)}"]`],
  ['pip and spaces', `commands: ["${'pip '.repeat(60_000)}install${' '.repeat(100_000)}"]`],
  ['slashes', `mounts: ["~${'/'.repeat(300_000)}x:/y"]`],
  ['digits', `max_duration: "${'1'.repeat(300_000)}x"\n  resources: {memory: "1${' '.repeat(300_000)}!"}`],
  ['unknown keys', Array.from({ length: 20_000 }, (_, index) => `artifact${index}: 1`).join('\n  ')],
  ['unknown aliases', `${'x'}: [${Array.from({ length: 20_000 }, (_, index) => `&a${index} 1, *b${index}`).join(', ')}]`],
  ['a long word', `${'k'.repeat(300_000)}: 1`],
])('a long file of %s is judged, too', (_, lines) => {
  expect(check(`workflows:\n- name: a\n  provider: bash\n  ${lines}\n`)).toBeDefined();
});

test('a valid file with many workflows loads whole', () => {
  const workflows = Array.from({ length: 2000 }, (_, index) => ({ name: `w${index}`, provider: 'bash', commands: ['ls'] }));
  const loaded = parseWorkflows([{ path: 'f.yaml', text: stringify({ workflows }) }]);
  expect(loaded.ok && loaded.workflows.size).toBe(2000);
});
