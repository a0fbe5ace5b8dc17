/** Real shells, as somebody sits before them: install, press Tab, uninstall. With bash-completion and without it. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { command } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';
import { root } from '../support/daemon-double.ts';
import { openPty, type Pty } from '../support/pty.ts';

/** A user with `dstack` on the PATH and a project with two workflows. */
function user(files: Record<string, string> = {}) {
  const home = scratchDir('user');
  mkdirSync(join(home, 'bin'));
  mkdirSync(join(home, 'project/.dstack'), { recursive: true });
  mkdirSync(join(home, 'project/folder-of-mine'));
  symlinkSync(join(root, 'scripts/dstack'), join(home, 'bin/dstack'));
  writeFileSync(join(home, 'project/.dstack/workflows.yaml'), 'workflows:\n  - name: train-me\n  - name: prepare\n');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text);
  const env = { PATH: `${home}/bin:${process.env['PATH']}`, HOME: home, DSTACK_HOME: join(home, 'd'), LANG: 'C.UTF-8', PS1: '$ ' };
  return {
    home,
    env,
    cwd: join(home, 'project'),
    dstack: (...args: string[]) => command(join(home, 'bin/dstack'), args, { env, cwd: home }),
  };
}

/** Types, and waits for the line to become so. */
async function becomes(pty: Pty, keys: string, line: string): Promise<void> {
  pty.type(keys);
  await pty.until(line, (text) => text.split('\n').some((one) => one.trimEnd() === `$ ${line}`));
}

const noLoader = { '.bashrc': "PS1='$ '\n# mine\n" };
const withLoader = { '.bashrc': "PS1='$ '\n. /usr/share/bash-completion/bash_completion\n" };

test.each([
  ['without bash-completion: a line in ~/.bashrc', noLoader, '.local/share/dstack/completion.bash'],
  ['with bash-completion: a file of its own', withLoader, '.local/share/bash-completion/completions/dstack'],
])('bash, %s', async (_, files, place) => {
  const { home, env, cwd, dstack } = user(files);
  const first = await dstack('completion', 'install', 'bash');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain(`Wrote ${join(home, place)}.`);
  expect(first.stdout).toContain('New shells complete dstack.');
  const bashrc = readFileSync(join(home, '.bashrc'), 'utf8');
  expect((await dstack('completion', 'install', 'bash')).stdout).toContain(`It is in ${join(home, place)}.`);
  expect(readFileSync(join(home, '.bashrc'), 'utf8')).toBe(bashrc);

  using pty = openPty('bash', ['-i'], { cwd, env });
  await pty.until('a prompt', (text) => text.startsWith('$'));
  await becomes(pty, 'dstack compl\t', 'dstack completion');
  await becomes(pty, '\x15dstack run tr\t', 'dstack run train-me');
  await becomes(pty, '\x15dstack run --python=3.9\t', 'dstack run --python=3.9');
  await becomes(pty, '\x15dstack usage --by=wo\t', 'dstack usage --by=workflow');
  await becomes(pty, '\x15dstack run train-me -a fold\t', 'dstack run train-me -a folder-of-mine/');
  await becomes(pty, '\x15cd /; ~/bin/dstack env b\t', 'cd /; ~/bin/dstack env build');
  pty.type('\x15\x04');

  expect((await dstack('completion', 'uninstall', 'bash')).stdout).toContain(`Removed ${join(home, place)}.`);
  expect(existsSync(join(home, place))).toBe(false);
  expect(readFileSync(join(home, '.bashrc'), 'utf8')).toBe(files['.bashrc']);
  expect((await dstack('completion', 'uninstall', 'bash')).stdout).toBe('There was nothing to remove.\n');
});

test('zsh: in a folder where it looks; where there is none it says what to write', async () => {
  const { home, env, cwd, dstack } = user({ '.zshrc': "PS1='$ '\n" });
  const place = '.local/share/zsh/site-functions/_dstack';
  const first = await dstack('completion', 'install', 'zsh');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain(`Wrote ${join(home, place)}.`);
  const lines = first.stdout.split('\n').filter((line) => line.startsWith('  '));
  expect(lines).toEqual([`  fpath=(${join(home, '.local/share/zsh/site-functions')} $fpath)`, '  autoload -Uz compinit && compinit']);
  writeFileSync(join(home, '.zshrc'), `PS1='$ '\n${lines.join(' -u\n')} -u\n`.replace('$fpath) -u', '$fpath)'));
  expect((await dstack('completion', 'install', 'zsh')).stdout).toBe(`It is in ${join(home, place)}.\nNew shells complete dstack.\n`);

  using pty = openPty('zsh', ['-i'], { cwd, env });
  await pty.until('a prompt', (text) => text.includes('$'));
  await becomes(pty, 'dstack compl\t', 'dstack completion');
  await becomes(pty, '\x15dstack run tr\t', 'dstack run train-me');
  await becomes(pty, '\x15dstack usage --by=wo\t', 'dstack usage --by=workflow');
  await becomes(pty, '\x15dstack run train-me -a fold\t', 'dstack run train-me -a folder-of-mine/');
  pty.type('\x15exit\r');

  expect((await dstack('completion', 'uninstall', 'zsh')).stdout).toBe(`Removed ${join(home, place)}.\n`);
  expect(existsSync(join(home, place))).toBe(false);
});

test('a shell without completion is told so', async () => {
  const { home, env } = user();
  const fish = await command(join(home, 'bin/dstack'), ['completion', 'install'], { env: { ...env, SHELL: '/usr/bin/fish' }, cwd: home });
  expect(fish).toEqual({
    code: 2,
    stdout: '',
    stderr: 'Your shell is fish, for which there is no completion.\nName one: dstack completion install bash|zsh\n',
  });
});
