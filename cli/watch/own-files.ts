/** Where the daemon does not look into the project itself (it is on another machine, or all users'), whoever is attached from the project watches its files. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Run } from '../../shared/api.ts';
import { projectName } from '../../shared/project.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { WatchWord } from '../../shared/watch-word.ts';
import type { Cli } from '../context.ts';
import { uploadProgram } from '../runs/upload-program.ts';

type Answer = Result<{ attempt: number | null }>;

export interface FileWatch {
  /** the next attempt, with the files as they are now */
  rerun(): Promise<Answer>;
  /** resolves when the daemon has been told that nobody watches any more */
  end(): Promise<void>;
}

/**
 * Watches them until `end`, if this is the project's folder: a program of the daemon's does it here, with the user's rights. Null: it is not, and the files are somebody else's to watch.
 * `say`: what keeps changes from being seen or sent; null: nothing does any more.
 */
export function watchFiles(cli: Cli, name: string, run: Run, say: (sentence: string | null) => void): FileWatch | null {
  const project = cli.project();
  const projectDir = cli.projectOrHere();
  if (!project.ok || projectName(projectDir) !== run.project) return null;
  // in a group of its own: a Ctrl+C of the terminal is for the command to decide
  const child = spawn(process.execPath, [...uploadProgram(cli, run.project, projectDir), '--run', name], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: cli.env,
    detached: true,
  });
  let told: string | null = null;
  const asked: ((answer: Answer) => void)[] = [];
  const gone = fail('watch', 'What watches the project has ended', 'Detach, and attach again.');
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  void ended.then(() => asked.splice(0).forEach((answer) => answer(gone)));
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const word = JSON.parse(line) as WatchWord;
    if ('rerun' in word) asked.shift()?.('failure' in word.rerun ? { ok: false, failure: word.rerun.failure } : ok(word.rerun));
    else if (word.problem !== told) say((told = word.problem));
  });
  return {
    rerun: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || !child.stdin.writable) return resolve(gone);
        asked.push(resolve);
        child.stdin.write('rerun\n');
      }),
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
