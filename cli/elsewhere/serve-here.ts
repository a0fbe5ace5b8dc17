import type { Run } from '../../shared/api.ts';
import type { Cli } from '../context.ts';

export interface ServedHere {
  /** to be told of the run whenever it is told anew */
  onRun(run: Run): void;
  end(): Promise<void>;
}

/** For who only follows a log: forwards what the run serves while it is followed, and says where. Does nothing where the daemon is on this machine. */
export async function serveHere(cli: Cli): Promise<ServedHere> {
  const { connection } = cli.client;
  if (connection === null) return { onRun: () => {}, end: async () => {} };
  const { createForwards } = await import('./forwards.ts');
  const forwards = createForwards(connection, (sentence) => cli.notice(sentence));
  let said = '';
  let over = false;
  const say = (run: Run): void => {
    const lines = run.urls.map(({ name, url }) => `${name}: ${url}`);
    if (over || lines.join('\n') === said) return;
    said = lines.join('\n');
    for (const line of lines) cli.notice(line);
  };
  return {
    onRun: (run) => void forwards.of(run).then(say),
    async end() {
      over = true;
      await forwards.end();
    },
  };
}
