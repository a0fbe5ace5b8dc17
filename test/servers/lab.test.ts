/** JupyterLab, driven in a browser as a person does. */
import { expect, test } from 'vitest';
import { projectWith } from '../support/project.ts';
import { openBrowser } from './browser.ts';
import { artifactsOf, expectRefusal, serve, serversDaemon, shown } from './fixture.ts';
import { newNotebookInLab, openNotebookInLab } from './jupyter-pages.ts';

const workflows = `- name: play\n  provider: lab\n  artifacts: [output]`;

test('a notebook is written and run, its files are artifacts at once, and it waits for a browser that was closed', async () => {
  await using daemon = await serversDaemon();
  const cwd = await projectWith(workflows, { 'data.txt': 'seven\n' });
  await using served = await serve(daemon, cwd, 'play');
  const { name, url, printed, stop } = served;
  expect(new URL(url).pathname).toBe('/lab');
  const token = new URL(url).searchParams.get('token')!;
  expect(token).toMatch(/^[\w-]{32,}$/);
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'running', urls: [{ name: 'lab', url }] });
  await expectRefusal(url, 'token', '/api/contents');

  const first = await openBrowser();
  const notebook = await newNotebookInLab(await first.page(), url);
  expect(await notebook.run("word = open('data.txt').read().strip()\nprint(word)")).toBe('seven');
  expect(await notebook.run("print(open('output/model.txt', 'w').write(word))")).toBe('5');
  expect(await artifactsOf(daemon, cwd, name)).toEqual({ 'output/model.txt': 5 });
  await notebook.save();
  await first.close();

  await using second = await openBrowser();
  const again = await openNotebookInLab(await second.page(), url, notebook.file);
  expect(await again.run('print(word, len(word))')).toBe('seven 5');
  const many =
    "import os\nfor i in range(100):\n    with open(f'output/{i:03}.bin', 'wb') as file: file.write(os.urandom(1_000_000))\nprint('saved')";
  expect(await again.run(many)).toBe('saved');
  const { 'output/model.txt': _, ...files } = await artifactsOf(daemon, cwd, name);
  expect(Object.values(files)).toEqual(Array.from({ length: 100 }, () => 1_000_000));

  await stop();
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'stopped', urls: [] });
  expect(Object.keys(await artifactsOf(daemon, cwd, name))).toHaveLength(101);
  // the token is for whoever started it: it is in no log
  const { stdout } = await daemon.cli(['logs', name], { cwd });
  for (const text of [daemon.log(), stdout, printed().replaceAll(url, '')]) expect(text).not.toContain(token);
  // and that has what goes wrong, not what goes on
  expect(stdout).not.toMatch(/^\[I /m);
});

test('without a workflow file, as a provider with everything on the command line', async () => {
  await using daemon = await serversDaemon();
  const cwd = await projectWith(workflows);
  await using served = await serve(daemon, cwd, 'lab', '-a', 'saved', '-w', 'src');
  const { name, url, stop } = served;
  await using browser = await openBrowser();
  const notebook = await newNotebookInLab(await browser.page(), url);
  expect(await notebook.run("print(open('saved/a', 'w').write('a'))")).toBe('1');
  expect(await artifactsOf(daemon, cwd, name)).toEqual({ 'saved/a': 1 });
  await stop();
});
