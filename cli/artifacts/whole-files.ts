import * as fs from 'node:fs';
import { dirname, join } from 'node:path';

export interface WholeFiles {
  /** what tar-fs is to write with */
  fs: typeof fs;
  /** Removes what is half written. False: nothing was. */
  drop(): Promise<boolean>;
}

/**
 * A file system for tar-fs in which a file has its name only when it is whole: it is written beside, and takes the name over when tar-fs sets its times, which
 * it does as soon as all is written. What was there before stays until then. tar-fs writes one file at a time.
 */
export function wholeFiles(): WholeFiles {
  let writing: { path: string; part: string; stream: fs.WriteStream } | null = null;
  const drop = async (): Promise<boolean> => {
    if (!writing) return false;
    const { part, stream } = writing;
    writing = null;
    stream.on('error', () => {});
    // it may be about to be opened, and would come to be behind our back
    if (!stream.closed) await new Promise<void>((closed) => stream.once('close', () => closed()).destroy());
    fs.rmSync(part, { force: true });
    return true;
  };
  const createWriteStream = (path: string): fs.WriteStream => {
    const part = join(dirname(path), `.dstack-${process.pid}.part`);
    // one that is there may be a link to anywhere
    fs.rmSync(part, { force: true });
    const stream = fs.createWriteStream(part, { flags: 'wx' });
    writing = { path, part, stream };
    return stream;
  };
  const utimes = (path: string, atime: Date, mtime: Date, done: (error: NodeJS.ErrnoException | null) => void): void => {
    const whole = writing;
    if (whole?.path !== path) return fs.utimes(path, atime, mtime, done);
    fs.utimes(whole.part, atime, mtime, (error) => {
      if (error) return done(error);
      fs.rename(whole.part, path, (failed) => {
        if (!failed) writing = null;
        done(failed);
      });
    });
  };
  return { fs: { ...fs, createWriteStream, utimes } as unknown as typeof fs, drop };
}
