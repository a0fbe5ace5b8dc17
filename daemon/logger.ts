import { destination, pino } from 'pino';

export type Logger = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error'>;

/**
 * The daemon's own log: JSON lines on stderr, which the CLI that starts the daemon sends to `$DSTACK_HOME/daemon.log`. No environment, no secrets, no
 * tokens. A line that cannot be written (the disk is full) is lost: that must not end the daemon.
 */
export function createLogger(level: string): Logger {
  const stream = destination({ fd: 2, sync: true });
  stream.on('error', () => {});
  const logger = pino({ level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` }, stream);
  const quietly =
    (name: 'debug' | 'info' | 'warn' | 'error') =>
    (...args: Parameters<Logger['info']>): void => {
      try {
        logger[name](...args);
      } catch {
        // a sync write throws where an async one would tell the stream
      }
    };
  return { debug: quietly('debug'), info: quietly('info'), warn: quietly('warn'), error: quietly('error') } as Logger;
}
