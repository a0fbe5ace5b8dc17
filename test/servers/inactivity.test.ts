/**
 * Dev environments that nobody uses end, and those that something is done in live. When one that is left alone has ended, the others that were started
 * before it would have too, if they were idle.
 */
import { expect, test } from 'vitest';
import type { TestDaemon } from '../support/daemon.ts';
import { projectWith } from '../support/project.ts';
import { waitFor } from '../support/wait-for.ts';
import { openBrowser } from './browser.ts';
import { openCode } from './code-page.ts';
import { artifactsOf, inContainer, serve, serversDaemon, shown, type Served } from './fixture.ts';
import { newNotebookInLab } from './jupyter-pages.ts';

const workflows = (provider: string): string => `- name: play\n  provider: ${provider}\n  artifacts: [output]\n  inactivity_duration: 20s`;
const until = (daemon: TestDaemon, cwd: string, name: string, ...status: string[]) =>
  waitFor(async () => status.includes((await shown(daemon, cwd, name)).status), `${name} to be ${status.join(' or ')}`, {
    seconds: 120,
    every: 500,
  });
const reason = 'nobody used it for 20s (inactivity_duration)';

/** Its end, told to whoever is attached. */
async function endOf(daemon: TestDaemon, cwd: string, { name, printed }: Served): Promise<void> {
  await until(daemon, cwd, name, 'stopped', 'failed', 'done');
  // behind it may stand how many files were not kept
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'stopped', reason: expect.stringContaining(reason) as string });
  await waitFor(() => printed().includes(`${name} stopped: ${reason}`), 'dstack run to say so');
  expect(printed()).toMatch(/dstack: nobody has used this environment for \d+ s; it stops in \d s \(inactivity_duration\)/);
}

test('JupyterLab: a busy kernel without a browser survives, and a page that is open; an idle one ends', async () => {
  await using daemon = await serversDaemon();
  const cwd = await projectWith(workflows('lab'));
  // ready before: it is left alone from its first moment
  const [first, second] = [await openBrowser(), await openBrowser()];
  const busy = await serve(daemon, cwd, 'play');
  const notebook = await newNotebookInLab(await first.page(), busy.url);
  const code = "import os, time\nopen('output/begun', 'w').write('x')\nwhile not os.path.exists('enough'): time.sleep(0.2)";
  const cell = notebook.run(code).catch(() => 'closed');
  await waitFor(async () => (await artifactsOf(daemon, cwd, busy.name))['output/begun'], 'the cell to run', { seconds: 60, every: 200 });
  await first.close();
  expect(await cell).toBe('closed');

  const open = await serve(daemon, cwd, 'play');
  const page = await second.page();
  await page.goto(open.url);
  await page.locator('.jp-LauncherCard').first().waitFor();

  await endOf(daemon, cwd, await serve(daemon, cwd, 'play'));
  expect(await shown(daemon, cwd, busy.name)).toMatchObject({ status: 'running' });
  expect(await shown(daemon, cwd, open.name)).toMatchObject({ status: 'running' });
  await second.close();
  await inContainer(daemon, busy.name, 'touch', '/workflow/enough');
  await Promise.all([endOf(daemon, cwd, busy), endOf(daemon, cwd, open)]);
});

test('VS Code: a page that is open, and what runs in its terminal without one, quiet as it is, survive; then they end', async () => {
  await using daemon = await serversDaemon();
  const cwd = await projectWith(workflows('code'), { 'train.py': 'print(1)\n' });
  const [first, second] = [await openBrowser(), await openBrowser()];
  const open = await serve(daemon, cwd, 'play');
  await openCode(await first.page(), open.url);
  const busy = await serve(daemon, cwd, 'play');
  await (await openCode(await second.page(), busy.url)).type('touch output/begun; while [ ! -e enough ]; do sleep 1; done');
  await waitFor(async () => 'output/begun' in (await artifactsOf(daemon, cwd, busy.name)), 'the loop to run', { seconds: 60, every: 200 });
  await second.close();

  await endOf(daemon, cwd, await serve(daemon, cwd, 'play'));
  expect(await shown(daemon, cwd, open.name)).toMatchObject({ status: 'running' });
  expect(await shown(daemon, cwd, busy.name)).toMatchObject({ status: 'running' });
  await first.close();
  await inContainer(daemon, busy.name, 'touch', '/workflow/enough');
  await Promise.all([endOf(daemon, cwd, open), endOf(daemon, cwd, busy)]);
});

test('Notebook: ends too', async () => {
  await using daemon = await serversDaemon();
  const cwd = await projectWith(workflows('notebook'));
  await endOf(daemon, cwd, await serve(daemon, cwd, 'play'));
});
