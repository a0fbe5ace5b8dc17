import { expect, test } from 'vitest';
import { parseWorkflows } from '../../../shared/workflow/load.ts';
import { applyOverrides } from '../../../shared/workflow/overrides.ts';
import { parseWatchPattern } from '../../../shared/workflow/watch.ts';
import { bash, only, problemsOf, told } from './helpers.ts';

test.each([
  ['watch: src', { paths: ['src'], ignore: [] }],
  ['watch: [src, ./conf, "/a b/*.yaml", "!src/gen"]', { paths: ['src', '/conf', '/a b/*.yaml', '!src/gen'], ignore: [] }],
  ['watch: {paths: [src, .], ignore: "*.md"}', { paths: ['src', '*'], ignore: ['*.md'] }],
  ['watch: {ignore: [docs/]}', { paths: [], ignore: ['docs/'] }],
  ['watch: ["#odd"]', { paths: ['\\#odd'], ignore: [] }],
  ['watch: {}', { paths: [], ignore: [] }],
])('%s', (line, wanted) => {
  expect(only(bash(line)).watch).toEqual(wanted);
});

test('nothing said of it', () => expect(only(bash()).watch).toBeNull());

test.each([
  ['watch: true', '5 <true> watch: expected paths of the project, or {paths, ignore}, found true'],
  [
    'watch: [../other]',
    '5 <../other> watch ../other: the path leads out of the project | only what is in the project is watched; name it from there',
  ],
  [
    'watch: {paths: [a/../../b]}',
    '5 <a/../../b> paths a/../../b: the path leads out of the project | only what is in the project is watched; name it from there',
  ],
  ['watch: ["~/x"]', '5 <"~/x"> watch ~/x: the path is in a home directory | name files or folders of the project'],
  ['watch: [""]', '5 <""> watch: this is empty | name files or folders of the project: `src`'],
  ['watch: {path: [src]}', '5 <path> `path` is not a key of `watch` | did you mean `paths`?'],
])('%s is refused', (line, problem) => {
  expect(problemsOf(bash(line))).toEqual([problem]);
});

test('a path that is not there is a hint, at its place; one for many is not looked for', () => {
  const hints = (line: string): string[] => {
    const loaded = parseWorkflows([{ path: 'w.yaml', text: bash(line) }], (path) => path === 'src' || path === 'conf/a');
    return (loaded.ok ? loaded.hints : loaded.problems).map(told);
  };
  expect(hints('watch: [src/, /conf/a, "*.py", "!gone"]')).toEqual([]);
  const hint = (marked: string, path: string): string =>
    `5 <${marked}> (hint) there is no \`${path}\` in the project | until it is there, nothing of it changes`;
  expect(hints('watch: [src, srcs, /conf/b]')).toEqual([hint('srcs', 'srcs'), hint('/conf/b', 'conf/b')]);
  expect(hints('watch: {paths: gone}')).toEqual([hint('gone', 'gone')]);
  expect(hints('watch: gone')).toEqual([hint('gone', 'gone')]);
});

test('the command line replaces the paths of the file, and leaves what it ignores', () => {
  const workflow = only(bash('watch: {paths: [src], ignore: ["*.md"]}'));
  const watchOf = (watch?: string[]) => {
    const changed = applyOverrides(workflow, watch ? { watch } : {});
    return changed.ok ? changed.value.watch : changed.failure.message;
  };
  expect(watchOf()).toEqual({ paths: ['src'], ignore: ['*.md'] });
  expect(watchOf([])).toEqual({ paths: ['src'], ignore: ['*.md'] });
  expect(watchOf(['./conf', 'a'])).toEqual({ paths: ['/conf', 'a'], ignore: ['*.md'] });
  expect(watchOf(['../x'])).toBe('--watch ../x: the path leads out of the project');
  expect(parseWatchPattern('a\nb').ok).toBe(false);
});
