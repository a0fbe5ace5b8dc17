import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { homeFiles } from '../../shared/home.ts';
import { fail, ok, type Result } from '../../shared/result.ts';
import { oneLine } from '../terminal/text.ts';
import { moment } from '../terminal/time.ts';

/** More of the file's end is not read: a line has some hundred bytes. */
const mostBytes = 4 << 20;

const levels: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** The last lines of the daemon's log, for people unless `raw`. */
export function daemonLog(home: string, count: number, raw: boolean): Result<string[]> {
  const path = homeFiles(home).daemonLog;
  let text: string;
  try {
    text = tail(path);
  } catch (error) {
    return fail(
      'no_daemon_log',
      `Cannot read ${path}: ${(error as NodeJS.ErrnoException).code}.`,
      'The daemon writes it when it is started.',
    );
  }
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-count);
  return ok(raw ? lines : lines.map(readable));
}

function tail(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(size, mostBytes));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    closeSync(file);
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** A line of the log (JSON) as `time level message name=value …`; any other line as it is. */
function readable(line: string): string {
  try {
    const { time, level, msg, pid: _, hostname: __, ...rest } = JSON.parse(line) as Record<string, unknown>;
    if (typeof level !== 'number') return oneLine(line);
    const details = Object.entries(rest).map(([name, value]) => `${name}=${text(value)}`);
    const when = typeof time === 'number' ? moment(new Date(time).toISOString()) : moment(text(time));
    return oneLine([when, levels[level] ?? String(level), text(msg), ...details].join(' '));
  } catch {
    return oneLine(line);
  }
}
