import { Transform } from 'node:stream';
import { fail, type Result } from '../../shared/result.ts';
import { createRate, transferred } from '../../shared/rate.ts';
import type { Cli } from '../context.ts';
import { unpack, type Unpacked } from './download.ts';
import { duration } from '../terminal/time.ts';

/** Milliseconds: sooner than that nobody wants to know how much there is. */
const askAfter = 400;

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Downloads and unpacks; on a terminal it says how far it is, how fast, and how long it will take. Fails as the daemon and `unpack` do; a signal, too, breaks it
 * off in good order, and is the command's exit status then.
 */
export async function downloadWithProgress(cli: Cli, target: string, dir: string): Promise<Result<Unpacked>> {
  const where = { projectDir: cli.projectOrHere(), target };
  const rate = createRate();
  let received = 0;
  let files = 0;
  let total: number | null = null;
  const now = (): string => {
    const fast = rate(received, performance.now());
    const left = total === null || fast === null || fast < 1 || total <= received ? null : (total - received) / fast;
    const count = files > 0 ? `, ${files.toLocaleString('en')} ${files === 1 ? 'file' : 'files'}` : '';
    return `downloading ${transferred(received, total, fast)}${count}${left === null ? '' : `, ${duration(Math.ceil(left))} left`}`;
  };
  const askSize = async (): Promise<void> => {
    const listed = await cli.client.call('artifactsList', where);
    if (listed.ok) total = listed.value.reduce((sum, file) => sum + file.size, 0);
  };
  const timer = cli.err.isTTY ? setTimeout(() => void askSize(), askAfter).unref() : null;
  const work = async (): Promise<Result<Unpacked>> => {
    const tar = await Promise.race([cli.client.stream('artifactsDownload', where), broken.promise]);
    if (!tar.ok) return tar;
    const meter = new Transform({
      transform(chunk: Buffer, _, done) {
        received += chunk.length;
        done(null, chunk);
      },
    });
    tar.value.on('error', (error) => meter.destroy(error));
    return unpack(tar.value.pipe(meter), dir, (so) => (files = so.files), leaving.signal);
  };
  const leaving = new AbortController();
  const broken = Promise.withResolvers<Result<never>>();
  const onSignal = (signal: keyof typeof numbers): void => {
    cli.exitCode = 128 + numbers[signal];
    leaving.abort();
    broken.resolve(fail('download_broken', 'The download was broken off before anything came.', null));
  };
  const signals = Object.keys(numbers) as (keyof typeof numbers)[];
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await cli.waiting.during('looking at the files', work, now);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
    if (timer) clearTimeout(timer);
  }
}
