import { FailureError, messageOf } from '../../shared/result.ts';
import { type RunOutput, run } from './run.ts';

interface GitOptions {
  cwd: string;
  env?: Record<string, string>;
  input?: Buffer;
  /** open files instead of `input` and `out` */
  stdin?: number;
  stdout?: number;
  /** new files get exactly 0666 or 0777, whatever the daemon's own mask is */
  openMask?: boolean;
}

/** Runs git to its end, whatever its exit code. A FailureError (`git`) only where git cannot be started. */
export async function tryGit(args: string[], { cwd, env, input, openMask, stdin, stdout }: GitOptions): Promise<RunOutput> {
  const options = {
    cwd,
    env: { ...cleanEnv(), ...env },
    ...(input && { input }),
    ...(stdin !== undefined && { stdin }),
    ...(stdout !== undefined && { stdout }),
  };
  const [command, all] = openMask ? ['sh', ['-c', 'umask 0; exec git "$@"', 'git', ...args]] : ['git', args];
  try {
    return await run(command, all, options);
  } catch (error) {
    throw notStarted(error);
  }
}

/** What git printed; a FailureError (`git`) with git's own words when it exits with anything but 0. */
export async function git(args: string[], options: GitOptions): Promise<{ out: Buffer; err: string }> {
  const { code, out, err } = await tryGit(args, options);
  if (code !== 0) throw gitFailed(args, err, code);
  return { out, err };
}

const gitFailed = (args: string[], err: string, code: number): FailureError => {
  const verb = args.find((arg, i) => !arg.startsWith('-') && args[i - 1] !== '-c') ?? '';
  return new FailureError({
    code: 'git',
    message: `git ${verb} failed: ${err.trim().split('\n').slice(-3).join(' ') || `exit code ${code}`}`,
  });
};

const notStarted = (error: unknown): FailureError =>
  new FailureError(
    (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? {
          code: 'git',
          message: 'Cannot take a snapshot: git is not installed (or the project is gone).',
          hint: 'Install git, for example: sudo apt-get install git',
        }
      : { code: 'git', message: `Cannot start git: ${messageOf(error)}`, hint: 'Look with: dstack doctor' },
  );

/** The daemon's environment without any variable that could point git elsewhere; messages in English, because we read some of them. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) if (!name.startsWith('GIT_')) env[name] = value;
  return { ...env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };
}
