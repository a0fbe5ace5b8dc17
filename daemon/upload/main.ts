#!/usr/bin/env node
/**
 * Sends a project's files to a daemon that serves several users and reads nobody's folders. Started by the CLI, with the rights of its user:
 *
 *     main.ts --socket PATH --project NAME --dir DIR --cache DIR
 *
 * The last line on stdout is a Result: what was sent, or why not; those before it say what it is at (`{"doing": …}`). With `--run NAME` it watches the project for that run, and sends the files of each change (docblock of watch.ts).
 */
import { parseArgs } from 'node:util';
import { FailureError, messageOf, type Result } from '../../shared/result.ts';
import { upload, type Sent } from './upload.ts';

const text = { type: 'string', default: '' } as const;
const { values } = parseArgs({ options: { socket: text, project: text, dir: text, cache: text, run: text } });
// trees and caches are this user's alone
process.umask(0o077);
if (values.run) void import('./watch.ts').then(({ watch }) => watch(values));
else {
  const say = (doing: string): void => void process.stdout.write(`${JSON.stringify({ doing })}\n`);
  void upload(values, say)
    .catch((error: unknown): Result<Sent> => ({
      ok: false,
      failure:
        error instanceof FailureError
          ? error.failure
          : { code: 'upload', message: `Cannot send the project's files: ${messageOf(error)}`, hint: 'Look with: dstack doctor' },
    }))
    .then((result) => process.stdout.write(`${JSON.stringify(result)}\n`));
}
