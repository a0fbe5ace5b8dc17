import { spawn } from 'node:child_process';

export interface Finished {
  /** 128 + n when a signal ended it, as a shell would say */
  code: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  cwd?: string;
  /** the whole environment, not additions */
  env?: NodeJS.ProcessEnv;
  input?: string | Buffer;
  /** seconds until it is killed, which throws */
  seconds?: number;
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program to its end. A non-zero exit is a value; a program that cannot be started, or runs over the limit, throws. */
export function command(program: string, args: string[], options: CommandOptions = {}): Promise<Finished> {
  const { seconds = 120 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const texts = () => ({ stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      const { stdout, stderr } = texts();
      reject(new Error(`${program} ${args.join(' ')} ran over ${seconds} s\n${stdout}\n${stderr}`));
    }, seconds * 1000);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => {}); // it may end without reading
    child.stdin.end(options.input);
    child.once('error', reject);
    child.once('close', (code, ended) => {
      clearTimeout(limit);
      resolve({ code: code ?? 128 + ((ended && signalNumbers[ended]) ?? 0), ...texts() });
    });
  });
}

/** The same, but a non-zero exit throws. Returns standard output. */
export async function must(program: string, args: string[], options: CommandOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await command(program, args, options);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}\n${stderr}${stdout}`);
  return stdout;
}
