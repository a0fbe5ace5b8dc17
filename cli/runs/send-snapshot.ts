import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { SentSnapshot } from '../../shared/api.ts';
import { projectName } from '../../shared/project.ts';
import { fail, unwrap, type Result } from '../../shared/result.ts';
import type { Cli } from '../context.ts';
import { uploadProgram } from './upload-program.ts';

type Sent = SentSnapshot & { warnings: string[] };

/** Sends the project's files to a shared daemon, which must not read them itself: a program of the daemon's does it here, with the user's rights. */
export async function sendSnapshot(cli: Cli, projectDir: string): Promise<Sent> {
  // whether it is there, and of our version, is said before anything is sent
  unwrap(await cli.client.call('daemonStatus', {}));
  const child = spawn(process.execPath, uploadProgram(cli, projectName(projectDir), projectDir), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cli.env,
  });
  const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
  let doing: string | null = null;
  const lastLine = async (): Promise<string> => {
    let last = '';
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('{"doing"')) doing = (JSON.parse(line) as { doing: string }).doing;
      else last = line;
    }
    return last;
  };
  const outputs = (): Promise<[string, string]> => Promise.all([lastLine(), text(child.stderr)]);
  const [line, err] = await cli.waiting.during('taking the files of the project', outputs, () => doing);
  // it says why itself; without a word it died
  const result: Result<Sent> = line.startsWith('{')
    ? (JSON.parse(line) as Result<Sent>)
    : fail(
        'upload',
        `The project's files could not be sent: ${err.trim().split('\n').at(-1) || (await failed)}`,
        '`dstack doctor` looks at what is needed for it.',
      );
  return unwrap(result);
}
