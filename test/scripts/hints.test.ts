/** Every failure says what to do next. `fail` and `usageError` demand it by their types; here are those that are written as they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** The object literals of a TypeScript source that have a `code` and a `message`: what stands between their braces, without what is nested in it. */
function failuresIn(source: string): { text: string; line: number }[] {
  const found: { text: string; line: number }[] = [];
  const open: { closes: string; text: string; line: number }[] = [];
  let line = 1;
  for (let i = 0; i < source.length; i++) {
    const char = source[i] ?? '';
    const top = open.at(-1);
    if (char === '\n') line++;
    if (top?.closes === '`' || top?.closes === "'" || top?.closes === '"') {
      if (char === '\\') i++;
      else if (char === top.closes) open.pop();
      else if (top.closes === '`' && source.startsWith('${', i)) {
        open.push({ closes: '}', text: '', line });
        i++;
      }
      continue;
    }
    if (source.startsWith('//', i)) {
      i = source.indexOf('\n', i) - 1;
      continue;
    }
    if (source.startsWith('/*', i)) {
      const end = source.indexOf('*/', i) + 1;
      line += source.slice(i, end).split('\n').length - 1;
      i = end;
      continue;
    }
    const closes = { '{': '}', '(': ')', '[': ']', '`': '`', "'": "'", '"': '"' }[char];
    // an apostrophe in a regular expression is none
    if (closes !== undefined && !(closes === char && /[[(|^\w\\]/.test(source[i - 1] ?? ''))) open.push({ closes, text: '', line });
    else if (top && char === top.closes) {
      open.pop();
      if (char === '}' && /\bcode\b/.test(top.text) && /\bmessage\b/.test(top.text)) found.push(top);
    } else if (top) top.text += char;
  }
  return found;
}

/** What became of runs: what to do then is said where they end (cli/runs/next-step.ts). */
const ofRuns = 'daemon/control/steps/';
/** The code stands there as it is: texts are left out. */
const isFailure = (text: string): boolean => /\bcode: *,/.test(text) && /(^|,)\s*message\b/.test(text);

test('the failures that are written as objects', () => {
  const silent: string[] = [];
  for (const folder of ['shared', 'cli', 'daemon']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const source = readFileSync(join(root, folder, name), 'utf8');
      for (const { text, line } of failuresIn(source)) {
        if (isFailure(text) && !/\bhint\b|\.\.\./.test(text) && !`${folder}/${name}`.startsWith(ofRuns))
          silent.push(`${folder}/${name}:${line}`);
      }
    }
  }
  expect(silent).toEqual([]);
});

test('one without a hint would be found, wherever it stands', () => {
  const source =
    "const a = { code: 'x', message: `It's ${b({ code: 'y', message: 'z' })}.` };\nthrow new E({ code: 'a', message: m, hint });";
  expect(failuresIn(source).map(({ line, text }) => [line, text.includes('hint')])).toEqual([
    [1, false],
    [1, false],
    [2, true],
  ]);
});
