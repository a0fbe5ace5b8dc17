import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unwrap } from '../../../shared/result.ts';
import {
  escapeTemplate,
  interpolate,
  parseTemplate,
  quoteArgs,
  secretsAsVariables,
  secretsUsed,
} from '../../../shared/workflow/interpolate.ts';
import { splitWords } from '../../../shared/workflow/quote.ts';

const run = { name: 'calm-otter-1', args: "--lr 0.1 'a b'" };
const secrets = { TOKEN: 'abc' };

describe('interpolate', () => {
  test.each([
    ['python t.py ${{ run.args }}', "python t.py --lr 0.1 'a b'"],
    ['${{run.name}}', 'calm-otter-1'],
    ['${{  run.name  }}/${{ secrets.TOKEN }}', 'calm-otter-1/abc'],
    ['$HOME ${HOME} $(ls) $$ $! ${#x} {{.Names}} }} ${ { x', '$HOME ${HOME} $(ls) $$ $! ${#x} {{.Names}} }} ${ { x'],
    ['$${{ run.name }}', '${{ run.name }}'],
    ['$$${{ run.name }}', '$calm-otter-1'],
    ['$$$${{ run.name }}', '$${{ run.name }}'],
    ['$$$$${{ run.name }}', '$$calm-otter-1'],
    ['$${{ not closed', '${{ not closed'],
    ['', ''],
  ])('%j', (text, expected) => {
    expect(interpolate(text, { run, secrets })).toEqual({ ok: true, value: expected });
  });

  test('what is not given stays', () => {
    expect(interpolate('${{ run.name }} ${{ secrets.TOKEN }} ${{run.args}}', { run })).toEqual({
      ok: true,
      value: "calm-otter-1 ${{ secrets.TOKEN }} --lr 0.1 'a b'",
    });
    expect(interpolate('${{ run.name }} ${{ secrets.TOKEN }}', { secrets })).toEqual({ ok: true, value: '${{ run.name }} abc' });
  });

  test('escapes are undone once, by the pass that is given secrets', () => {
    const once = unwrap(interpolate('$${{ run.name }} $$${{ run.name }}', { run }));
    expect(once).toBe('$${{ run.name }} $calm-otter-1');
    expect(interpolate(once, { secrets })).toEqual({ ok: true, value: '${{ run.name }} $calm-otter-1' });
  });

  test('an argument that looks like a reference is text', () => {
    const once = unwrap(
      interpolate('echo ${{ run.args }}{{ x }} ${{ secrets.TOKEN }}', { run: { name: 'a', args: '${{ secrets.TOKEN }} $${{ y }} $' } }),
    );
    expect(interpolate(once, { secrets })).toEqual({ ok: true, value: 'echo ${{ secrets.TOKEN }} $${{ y }} ${{ x }} abc' });
  });

  test('a secret that looks like a reference is text', () => {
    expect(interpolate('${{ secrets.A }}', { secrets: { A: '${{ secrets.B }} $${{' } })).toEqual({
      ok: true,
      value: '${{ secrets.B }} $${{',
    });
  });

  test.each([
    ['${{ secrets.NOPE }}', 'no_secret', "Cannot find the secret 'NOPE'", 'add it: dstack secrets add NOPE'],
    ['${{ secrets.toString }}', 'no_secret', "Cannot find the secret 'toString'", 'add it: dstack secrets add toString'],
    [
      '${{ run.id }}',
      'interpolation',
      '`run.id` is not known here',
      'there are `run.name`, `run.args` and `secrets.NAME`; to have this very text, write `$${{`',
    ],
    [
      '${{ run.name',
      'interpolation',
      'this `${{` is not closed',
      'write `}}` behind the name on the same line; to have this very text, write `$${{`',
    ],
    [
      '${{ run.name\n}}',
      'interpolation',
      'this `${{` is not closed',
      'write `}}` behind the name on the same line; to have this very text, write `$${{`',
    ],
  ])('%j fails', (text, code, message, hint) => {
    expect(interpolate(text, { run, secrets })).toEqual({ ok: false, failure: { code, message, hint } });
  });

  const scrap = fc
    .array(fc.constantFrom('$', '$$', '{{', '}}', '${{ run.name }}', '${{ secrets.TOKEN }}', 'a', ' ', "'"), { maxLength: 12 })
    .map((parts) => parts.join(''));

  test('an escaped text stands for itself', () => {
    fc.assert(
      fc.property(scrap, (text) => {
        expect(interpolate(escapeTemplate(text), { run, secrets })).toEqual({ ok: true, value: text });
      }),
    );
  });

  test('two passes give what one pass gives, whatever the values', () => {
    fc.assert(
      fc.property(scrap, scrap, scrap, (text, name, token) => {
        fc.pre(parseTemplate(text).problems.length === 0);
        const values = { run: { name, args: '' }, secrets: { TOKEN: token } };
        const once = unwrap(interpolate(text, { run: values.run }));
        expect(interpolate(once, { secrets: values.secrets })).toEqual(interpolate(text, values));
      }),
      { numRuns: 1000 },
    );
  });

  test('anything at all is read without an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', '.', 'run', 'secrets', 'x', '\n', ' ') }), (text) => {
        for (const { offset, length } of parseTemplate(text).problems) {
          expect(text.slice(offset, offset + 3)).toBe('${{');
          expect(offset + length).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });
});

test('secretsUsed', () => {
  expect(secretsUsed('${{ secrets.B }} ${{ run.name }} $${{ secrets.C }} ${{secrets.A}} ${{ secrets.B }}')).toEqual(['B', 'A']);
  expect(secretsUsed('nothing')).toEqual([]);
});

test('secrets in a command become variables', () => {
  expect(secretsAsVariables('curl -H "${{ secrets.TOKEN }}" $$ $${{ x }} $X')).toBe('curl -H "${TOKEN}" $$ ${{ x }} $X');
  const printed = (command: string): string =>
    execFileSync('sh', ['-c', secretsAsVariables(command)], { env: { T: 'a  b$(id)"' }, encoding: 'utf8' });
  for (const command of [
    'printf %s ${{ secrets.T }}',
    'printf %s "${{ secrets.T }}"',
    "printf %s '${{ secrets.T }}'",
    `printf %s%s "it's "'"'\\"${'${{ secrets.T }}'}`,
    `printf %s%s 'back\\''${'${{ secrets.T }}'}'`,
  ]) {
    expect(printed(command), command).toContain('a  b$(id)"');
  }
});

describe('quoteArgs', () => {
  test.each([
    [[], ''],
    [['--lr', '0.1', 'a=b', './x', '@y'], '--lr 0.1 a=b ./x @y'],
    [['a b', '', '$HOME', '*', '~'], "'a b' '' '$HOME' '*' '~'"],
    [["it's"], "'it'\\''s'"],
  ])('%j', (args, text) => {
    expect(quoteArgs(args)).toBe(text);
  });

  test('a shell reads back what was quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (args) => {
        expect(splitWords(quoteArgs(args))).toEqual(args);
      }),
    );
  });

  test.each([
    ['a  b\tc', ['a', 'b', 'c']],
    [`a"b c"'d e'\\ f`, ['ab cd e f']],
    ['"a\\"b\\$c\\d"', ['a"b$c\\d']],
    ['', []],
    ['"a', null],
    ["'a", null],
    ['a\\', null],
  ])('splitWords(%j)', (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });
});
