import { destination, pino } from 'pino';

export type Logger = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error'>;

/** The daemon's own log: JSON lines on stderr, which the CLI that starts the daemon sends to `$DSTACK_HOME/daemon.log`. No environment, no secrets, no tokens. */
export const createLogger = (level: string): Logger =>
  pino({ level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` }, destination({ fd: 2, sync: true }));
