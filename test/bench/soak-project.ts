import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scratchDir } from '../support/scratch.ts';

/** What each attempt prints: a hash of all its files with their modes, and what an attempt before it has left. */
const commands = [
  'left=$(ls | grep -c ^left-over || true)',
  `hash=$(find . -type f ! -name 'left-over*' ! -path './out/*' | LC_ALL=C sort | while read -r file; do test -x "$file" && echo x; sha1sum "$file"; done | sha1sum | cut -c1-40)`,
  'touch left-over-$RUN_ATTEMPT out/$RUN_ATTEMPT',
  'echo "sees $hash left $left in $RUN_ATTEMPT"',
];

/** Of all files below a folder, as attempts print it. */
const hashOf = (dir: string): string =>
  execFileSync(
    'sh',
    [
      '-c',
      `find . -type f ! -path './.git/*' | LC_ALL=C sort | while read -r file; do test -x "$file" && echo x; sha1sum "$file"; done | sha1sum | cut -c1-40`,
    ],
    { cwd: dir, encoding: 'utf8' },
  ).trim();

/** The same of a snapshot (the id of its tree) in a daemon's home. */
export function hashOfTree(home: string, tree: string): string | null {
  for (const shadow of readdirSync(join(home, 'snapshots'))) {
    const dir = scratchDir('t');
    const unpack = `git --git-dir="$0" archive "$1" | tar -x -C "$2"`;
    if (spawnSync('sh', ['-c', unpack, join(home, 'snapshots', shadow), tree, dir], { stdio: 'ignore' }).status === 0) return hashOf(dir);
  }
  return null;
}

/** A project that is edited by chance, the same each time: `edit` changes something and returns the hash of all files after it, as attempts print it. */
export function soakProject() {
  const dir = scratchDir('p');
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    // whole or not at all, as editors save
    writeFileSync(join(dir, `${path}.tmp~`), text);
    renameSync(join(dir, `${path}.tmp~`), join(dir, path));
  };
  const quoted = commands.map((command) => `      - ${JSON.stringify(command)}`).join('\n');
  put('.dstack/workflows.yaml', `workflows:\n  - name: hash\n    provider: bash\n    artifacts: [out]\n    commands:\n${quoted}\n`);
  for (let i = 0; i < 60; i++) put(`pkg${i % 6}/sub${i % 3}/m${i}.py`, `print(${i})\n`);
  put('.gitignore', 'out/\n*~\n');
  const git = (...args: string[]) => execFileSync('git', ['-c', 'user.name=S', '-c', 'user.email=s@example.com', ...args], { cwd: dir });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'start');

  let seed = 1;
  const chance = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  const hash = (): string => hashOf(dir);
  let count = 0;
  const files = (): string[] =>
    readdirSync(dir, { recursive: true, encoding: 'utf8' })
      .filter((path) => /^pkg.*\.py$/.test(path) && statSync(join(dir, path)).isFile())
      .toSorted();
  return {
    dir,
    hash,
    edit(): string {
      count++;
      const all = files();
      const one = all[chance(all.length)] ?? '';
      const what = all.length < 30 ? 8 : chance(10);
      if (what < 5) put(one, `print("edit ${count}")\n`);
      else if (what === 5) rmSync(join(dir, one));
      else if (what === 6) renameSync(join(dir, one), join(dir, dirname(one), `moved${count}.py`));
      else if (what === 7) chmodSync(join(dir, one), statSync(join(dir, one)).mode ^ 0o111);
      else if (what === 8) for (let i = 0; i < 4; i++) put(`pkg-new${count % 7}/deep${i}/n${count}.py`, `new ${count}\n`);
      else {
        const folder = one.split('/')[0] ?? '';
        if (all.filter((path) => !path.startsWith(`${folder}/`)).length > 20) rmSync(join(dir, folder), { recursive: true });
        else put(one, `print("instead ${count}")\n`);
      }
      return hash();
    },
  };
}
