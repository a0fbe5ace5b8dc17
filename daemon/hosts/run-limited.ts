import { spawn } from 'node:child_process';

export type Ended =
  /** there is no such program */
  | { kind: 'missing' }
  /** it could not be run, which may pass: too many processes or open files; `why` is the system's word */
  | { kind: 'failed'; why: string }
  | { kind: 'exited'; exitCode: number; output: string }
  /** killed for taking too long; `gone` resolves when the process really ended, which one that hangs in the kernel may never do */
  | { kind: 'timed_out'; gone: Promise<void> };

const mostOutput = 1 << 20;

/** Runs a command for at most `limitMs` and never waits longer, even when it cannot be killed. `output` is stdout, then stderr. */
export function runLimited(command: string, args: string[], limitMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    const texts = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (chunk: string) => {
        if (texts[stream].length < mostOutput) texts[stream] += chunk;
      });
    }
    const gone = new Promise<void>((ended) => child.once('exit', () => ended()));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.unref();
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ kind: 'timed_out', gone });
    }, limitMs);
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      resolve(error.code === 'ENOENT' ? { kind: 'missing' } : { kind: 'failed', why: error.code ?? error.message });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ kind: 'exited', exitCode: code ?? -1, output: texts.stdout + texts.stderr });
    });
  });
}
