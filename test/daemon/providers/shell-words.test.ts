import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord, shellWords } from '../../../daemon/providers/shell-words.ts';
import { interpolate, secretsAsVariables } from '../../../shared/workflow/interpolate.ts';
import { quoteArgs } from '../../../shared/workflow/quote.ts';

/** The words that a real sh makes of a text, as a program gets them. */
const seenBy = (words: string, env: Record<string, string> = {}): string[] => {
  const printed = execFileSync('sh', ['-c', `set -- ${words}; [ $# = 0 ] || printf '%s\\0' "$@"`], { env, encoding: 'utf8' });
  return printed.split('\0').slice(0, -1);
};
/** As at submit, and then when the script is written. */
const filled = (words: string, args: readonly string[]): string => {
  const run = interpolate(words, { run: { name: 'calm-otter-1', args: quoteArgs(args) } });
  if (!run.ok) throw new Error(run.failure.message);
  return secretsAsVariables(run.value);
};

const anything = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !text.includes('\0'));
const nasty = fc
  .array(fc.constantFrom('a', ' ', "'", '"', '\\', '$', '`', '\n', ';', '*', '{{', '}}', '$X', '${X}', '${{', '$(id)', '#', '~', '!'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''));
const argument = fc.oneof(anything, nasty);

test('what was quoted for a shell arrives byte for byte', () => {
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 8 }), (args) => {
      // no `${{` of the workflow's own: one would be a reference
      fc.pre(!args.some((arg) => arg.includes('{{')));
      expect(seenBy(shellWords(quoteArgs(args)), { X: 'no' })).toEqual(args);
    }),
    { numRuns: 60 },
  );
});

test('arguments of the command line arrive byte for byte, wherever their reference stands', () => {
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (args) => {
      const [first, ...others] = args;
      expect(seenBy(filled(shellWords('--a 1 ${{ run.args }} --b'), args))).toEqual(['--a', '1', ...args, '--b']);
      expect(seenBy(filled(shellWords("'--x=${{ run.args }}'"), args))).toEqual([`--x=${first}`, ...others]);
      expect(seenBy(filled(shellWords('"${{ run.args }}"'), args))).toEqual(args);
    }),
    { numRuns: 40 },
  );
});

test.each<[string, string[]]>([
  ['--lr 0.1\n  --epochs 3\n', ['--lr', '0.1', '--epochs', '3']],
  ['$LR "$LR" "x${LR}y"', ['0 1', '0 1', 'x0 1y']],
  [String.raw`'$LR' \$LR "\$LR" "\\" \a "\a"`, ['$LR', '$LR', '$LR', '\\', 'a', '\\a']],
  ['; rm -rf * & `id` $(id) $1 $$ ~ #x', [';', 'rm', '-rf', '*', '&', '`id`', '$(id)', '$1', '$$', '~', '#x']],
  [`'' "" a''b`, ['', '', 'ab']],
  ['$UNSET', ['']],
  ['a$${{ run.args }}b', ['a${{', 'run.args', '}}b']],
  ['', []],
])('of a text %j', (text, words) => {
  expect(seenBy(filled(shellWords(text), []), { LR: '0 1' })).toEqual(words);
});

test('a secret stays one word, and out of the text', () => {
  const words = filled(shellWords('--token ${{ secrets.TOKEN }} "--x=${{ secrets.TOKEN }}"'), []);
  expect(words).not.toContain('{{');
  expect(seenBy(words, { TOKEN: "a 'b' $c" })).toEqual(['--token', "a 'b' $c", "--x=a 'b' $c"]);
});

test('a file is one word', () => {
  expect(seenBy(filled(shellWord("it's ${{ run.name }} $X.py"), []), { X: 'no' })).toEqual(["it's calm-otter-1 $X.py"]);
  expect(shellWord('train.py')).toBe('train.py');
});
