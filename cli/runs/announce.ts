/** Says on stderr where an attached run serves something, once for each of its attempts. */
import type { Run } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import type { Cli } from '../context.ts';
import { openPage } from './open-page.ts';
import { answers, served } from './served.ts';
import type { StatusLine } from '../terminal/status-line.ts';

interface Screen {
  /** open the first URL, too */
  open: boolean;
  status: StatusLine;
  /** ends a line that the job has begun */
  freshLine(): void;
  /** somebody is being asked something: nothing is drawn */
  quiet(): boolean;
}

export interface Announcer {
  onRun(run: Run): void;
  /** a server is being waited for, and the status line says so */
  starting(): boolean;
  end(): void;
}

export function createAnnouncer(cli: Cli, screen: Screen): Announcer {
  let said = '';
  let toldNothing = false;
  let waiting: AbortController | null = null;

  const line = (name: string, url: string): void => {
    screen.status.clear();
    screen.freshLine();
    cli.err.line(`${cli.err.style('dim', name)} ${url}`);
  };
  const open = async (url: string): Promise<void> => {
    if (!screen.open) return;
    const opened = await openPage(url, cli.env);
    if (!opened.ok) cli.notice(`${opened.failure.message} ${opened.failure.hint ?? ''}`.trim());
  };
  const wait = async (title: string, url: string, over: AbortController): Promise<void> => {
    if (!screen.quiet()) screen.status.show(`starting ${title}…`);
    const ready = await answers(url, over.signal);
    if (waiting === over) waiting = null;
    if (!ready) return;
    line(`${title}:`, url);
    await open(url);
  };

  return {
    onRun(run) {
      if (screen.open && !toldNothing && run.urls.length === 0 && (run.status === 'running' || isEnded(run.status))) {
        toldNothing = true;
        cli.notice('There is nothing to open: it serves nothing that is known (`ports`).');
      }
      const key = run.urls.map(({ url }) => url).join(' ');
      if (key === said) return;
      said = key;
      waiting?.abort();
      waiting = null;
      const { server, ports } = served(run);
      for (const { name, url } of ports) line(`${name}:`, url);
      if (server !== null) {
        waiting = new AbortController();
        void wait(server.title, server.url, waiting);
      } else if (ports[0]) void open(ports[0].url);
    },
    starting: () => waiting !== null,
    end: () => waiting?.abort(),
  };
}
