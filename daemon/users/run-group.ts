import { spawn } from 'node:child_process';

/** How a command ended; `late`: it took too long, and it and all that it had started was killed. */
export type GroupEnd = { late: false; code: number | null; out: string; err: string } | { late: true };

/**
 * Runs a command, whose shell may start others, for at most `limitMs`, and never waits longer: what hangs in the kernel (a file system whose server is gone)
 * may not even be killed. `folder`: a descriptor that it gets as its number 3. Rejects where it cannot be started.
 */
export function runGroup(
  [program, args]: readonly [string, readonly string[]],
  { limitMs, env, folder }: { limitMs: number; env: NodeJS.ProcessEnv; folder?: number },
): Promise<GroupEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe', ...(folder === undefined ? [] : [folder])],
      env,
      // a group of its own: a shell that is killed leaves its children behind
      detached: true,
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => (texts[name] += chunk));
    const timer = setTimeout(() => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // its last process has just ended
      }
      child.unref();
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ late: true });
    }, limitMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ late: false, code, out: texts.stdout, err: texts.stderr });
    });
  });
}
