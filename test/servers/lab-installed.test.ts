/** JupyterLab on an image that has none of it: it is installed from PyPI into a cached environment, once. */
import { expect, test } from 'vitest';
import type { Environment } from '../../shared/api.ts';
import { projectWith } from '../support/project.ts';
import { serve, serversDaemon } from './fixture.ts';
import { imagePython, pythonImage } from './images.ts';
import { startProxy } from './proxy.ts';

test('the first start installs it, the second only starts it', async () => {
  await using daemon = await serversDaemon({ images: { [imagePython]: pythonImage } });
  await using proxy = await startProxy(daemon.engine);
  const cwd = await projectWith(`- name: play\n  provider: lab\n  env: ["HTTPS_PROXY=${proxy.url}"]`);
  const version = async (url: string) => ((await (await fetch(url.replace('/lab?', '/api?'))).json()) as { version: string }).version;

  await using first = await serve(daemon, cwd, 'play');
  const installed = await version(first.url);
  expect(installed).toMatch(/^\d+\.\d+/);
  expect(first.printed()).toContain('Successfully installed');
  expect(proxy.asked).not.toEqual([]);
  await first.stop();
  const environments = await daemon.json<Environment[]>(['env', 'list'], { cwd });
  expect(environments).toMatchObject([{ image: pythonImage, requirements: null }]);

  proxy.asked.length = 0;
  await using second = await serve(daemon, cwd, 'play');
  expect(await version(second.url)).toBe(installed);
  expect(second.printed()).not.toContain('Successfully installed');
  expect(proxy.asked).toEqual([]);
  await second.stop();
});
