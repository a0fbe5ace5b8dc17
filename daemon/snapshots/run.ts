import { spawn } from 'node:child_process';

export interface RunOutput {
  code: number;
  out: Buffer;
  err: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  input?: Buffer;
  /** open files instead of `input` and `out` */
  stdin?: number;
  stdout?: number;
}

/** Runs a command to its end, whatever its exit code (-1: killed). Rejects only where it cannot be started. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<RunOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.stdin ?? 'pipe', options.stdout ?? 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    // it may end without reading all of it; its exit code says whether that was an error
    child.stdin?.on('error', () => {});
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, out: Buffer.concat(out), err: Buffer.concat(err).toString('utf8') }));
    child.stdin?.end(options.input);
  });
}

/** The same for commands that must succeed. */
export async function mustRun(command: string, args: string[], options: RunOptions = {}): Promise<Buffer> {
  const { code, out, err } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} failed: ${err.trim().split('\n')[0] || `exit code ${code}`}`);
  return out;
}
