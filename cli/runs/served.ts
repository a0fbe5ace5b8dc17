/** What a run serves, as an attached command says it: the URLs once it runs, that of a dev environment once it answers. */
import type { Run } from '../../shared/api.ts';
import { setTimeout as delay } from 'node:timers/promises';

/** How often it is asked whether it answers (ms). */
const askEvery = 100;

/** What people call the servers of dev environments; others are ports, of which nobody knows what answers there. */
const servers: Readonly<Record<string, string>> = { lab: 'JupyterLab', notebook: 'Jupyter Notebook', code: 'VS Code' };

/** The URLs of a run, apart: `server` is its own, to be waited for. */
export function served(run: Run): { server: { title: string; url: string } | null; ports: Run['urls'] } {
  const [first, ...others] = run.urls;
  const title = first === undefined ? undefined : servers[first.name];
  if (first === undefined || title === undefined) return { server: null, ports: run.urls };
  return { server: { title, url: first.url }, ports: others };
}

/** Resolves when something at the URL answers HTTP, whatever it says; false: `signal` came first. The token is not sent: nobody is let in by asking. */
export async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  const { request } = process.getBuiltinModule('node:http');
  const { hostname, port, pathname } = new URL(url);
  const ask = (): Promise<boolean> =>
    new Promise((resolve) => {
      const sent = request({ hostname, port, path: pathname, method: 'GET', timeout: 5_000, signal }, (answer) => {
        answer.resume();
        resolve(true);
      });
      sent.on('timeout', () => sent.destroy());
      sent.on('error', () => resolve(false));
      sent.end();
    });
  while (!signal.aborted) {
    if (await ask()) return true;
    await delay(askEvery, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
