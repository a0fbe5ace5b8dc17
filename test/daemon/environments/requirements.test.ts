import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { namedFiles } from '../../../daemon/environments/named-files.ts';
import { readRequirements, type Tree } from '../../../daemon/environments/requirements.ts';

/** Files by path, folders by what lies below them. */
const filesOf = (files: Record<string, string>): Tree => {
  const isFolder = (path: string) => path === '.' || Object.keys(files).some((file) => file.startsWith(`${path}/`));
  return {
    read: (path) => files[path] ?? null,
    has: (path) => path in files || isFolder(path),
    isFolder,
    names(path) {
      const below = Object.keys(files).map((file) => posix.relative(path, file));
      return isFolder(path) ? [...new Set(below.flatMap((file) => (file.startsWith('..') ? [] : (file.split('/')[0] ?? []))))] : null;
    },
  };
};
const read = (files: Record<string, string>, path = 'r.txt', workingDir = '') => readRequirements(filesOf(files), workingDir, path);
const paths = ({ parts }: ReturnType<typeof read>) => parts.map((part) => `${part.kind} ${part.path}`);

describe('a requirements file', () => {
  test('takes in others, named from its own folder, each once', () => {
    const files = {
      'a/r.txt': '-r ../b/x.txt\n-c  c.txt\n',
      'b/x.txt': '--requirement=y.txt # more\n',
      'b/y.txt': '-r ../a/r.txt',
      'a/c.txt': 'torch<3',
    };
    expect(paths(read(files, 'a/r.txt'))).toEqual(['file a/r.txt', 'file b/x.txt', 'file b/y.txt', 'file a/c.txt']);
  });
  test.each([
    ['-rmore.txt', 'more.txt'],
    ['--requirement more.txt', 'more.txt'],
    ['--constraint="more.txt"', 'more.txt'],
    ['torch \\\n  --hash=sha256:aa\n-r \\\n  more.txt', 'more.txt'],
  ])('says what is missing: %j', (text, path) => expect(read({ 'r.txt': text }).missing).toEqual([{ path, from: 'r.txt' }]));
  test('itself may be missing', () => expect(read({}, 'r.txt', 'sub').missing).toEqual([{ path: 'sub/r.txt', from: null }]));
  test('counts all of what it installs from the project, from the working directory', () => {
    const files = {
      'w/r.txt': './pkg[all] ; python_version > "3"\nwheels/x-1.whl\n-f ./wheels\n',
      'w/pkg/setup.py': '',
      'w/wheels/x-1.whl': '',
    };
    expect(paths(read(files, 'r.txt', 'w'))).toEqual(['file w/r.txt', 'content w/pkg', 'content w/wheels/x-1.whl', 'content w/wheels']);
  });
  test('counts of what it installs editable only what decides about it', () => {
    const files = {
      'r.txt': '-e .[dev]\n--editable ./lib\n',
      'pyproject.toml': 'p',
      'setup.cfg': 's',
      'train.py': '',
      'lib/setup.py': 'l',
    };
    expect(paths(read(files))).toEqual(['file r.txt', 'file pyproject.toml', 'file setup.cfg', 'file lib/setup.py']);
  });
  test.each([
    'torch',
    'git+https://host/x.git@v1',
    '-r https://host/r.txt',
    '/opt/wheels/x.whl',
    'x @ file:///opt/x',
    '-r ${HOME}/r.txt',
    '--index-url https://host/simple/',
    '# -r gone.txt',
  ])('leaves alone what is none of the project: %s', (line) =>
    expect(read({ 'r.txt': line })).toEqual({ parts: [{ kind: 'file', path: 'r.txt', text: line }], missing: [] }),
  );
});

describe('commands name', () => {
  const files = { 'setup.sh': '1', 'sub/setup.sh': '2', 'dev.txt': '-r base.txt', 'base.txt': 'x', 'pyproject.toml': 'p', 'src/a.py': 'a' };
  const named = (...commands: string[]) => namedFiles(filesOf(files), '', commands).map(({ kind, path }) => `${kind} ${path}`);
  test('the scripts that they run', () => expect(named('bash ./setup.sh --fast')).toEqual(['file setup.sh']));
  test('by their path in the container too', () => expect(named('"/workflow/sub/setup.sh"')).toEqual(['file sub/setup.sh']));
  test('from the folders that they change to', () =>
    expect(named('cd sub && ./setup.sh')).toEqual(['content sub', 'file setup.sh', 'file sub/setup.sh']));
  test('requirements, with what these take in', () =>
    expect(named('pip install -q -r dev.txt')).toEqual(['file dev.txt', 'file base.txt']));
  test('packages that they install', () => {
    expect(named('pip install -e .')).toEqual(['file pyproject.toml']);
    expect(named('pip install ./src')).toEqual(['content src']);
  });
  test.each([
    [['cp -r sub /opt/sub'], ['content sub']],
    [['cp -r . /opt'], ['content .']],
    [['cp -r /workflow/sub /opt'], ['content sub']],
    [['export PYTHONPATH=src', 'python -m a'], ['content src']],
    [['DIR=src; find $DIR -name a'], ['content src']],
  ])('folders: %j', (commands, expected) => expect(named(...commands)).toEqual(expected));
  test.each(['export PYTHONPATH=src', 'cd src; pip install torch', 'cd /workflow && make', 'git config --add safe.directory /workflow'])(
    'folders that nothing reads: %s',
    (command) => expect(named(command)).toEqual([]),
  );
  test.each([
    ['cat *.txt', ['file dev.txt', 'file base.txt']],
    ['pip install sub/*.sh', ['file sub/setup.sh']],
    ['cat s*/x', ['content sub', 'content src']],
    ['cat /workflow/su?/setup.[st]h', ['content sub']],
    ['echo really? *.whl', []],
    ['rm -rf /var/lib/apt/lists/*', []],
  ])('patterns: %s', (command, expected) => expect(named(command)).toEqual(expected));
  test('a pattern for many files: their folder', () =>
    expect(
      namedFiles(filesOf(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`data/${i}.csv`, '']))), '', ['cat data/*.csv']),
    ).toEqual([{ kind: 'content', path: 'data' }]));
  test('a file that is no text: its content', () =>
    expect(namedFiles({ ...filesOf(files), read: () => null }, '', ['./setup.sh'])).toEqual([{ kind: 'content', path: 'setup.sh' }]));
  test('nothing outside of the project', () => expect(named('cat ../setup.sh /setup.sh')).toEqual([]));
});
