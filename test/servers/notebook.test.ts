/** Jupyter Notebook, driven in a browser as a person does. */
import { expect, test } from 'vitest';
import { projectWith } from '../support/project.ts';
import { openBrowser } from './browser.ts';
import { artifactsOf, expectRefusal, serve, serversDaemon, shown } from './fixture.ts';
import { newNotebook, openNotebook } from './jupyter-pages.ts';

test('a notebook is written and run, its files are artifacts at once, and it waits for a browser that was closed, whatever becomes of the daemon', async () => {
  await using daemon = await serversDaemon();
  const cwd = await projectWith(`- name: play\n  provider: notebook\n  artifacts: [output]`, { 'data.txt': 'seven\n' });
  await using served = await serve(daemon, cwd, 'play');
  const { name, url, stop } = served;
  expect(new URL(url).pathname).toBe('/tree');
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'running', urls: [{ name: 'notebook', url }] });
  await expectRefusal(url, 'token', '/api/contents');

  const first = await openBrowser();
  const notebook = await newNotebook(await first.page(), url);
  expect(await notebook.run("word = open('data.txt').read().strip()\nprint(word)")).toBe('seven');
  expect(await notebook.run("print(open('output/model.txt', 'w').write(word))")).toBe('5');
  expect(await artifactsOf(daemon, cwd, name)).toEqual({ 'output/model.txt': 5 });
  await notebook.save();
  await first.close();

  // nor does it need the daemon
  await daemon.kill();
  await daemon.start();
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'running', urls: [{ name: 'notebook', url }] });

  await using second = await openBrowser();
  const again = await openNotebook(await second.page(), url, notebook.file);
  expect(await again.run('print(word, len(word))')).toBe('seven 5');
  await stop();
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'stopped', urls: [] });
});
