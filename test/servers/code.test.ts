/** VS Code in the browser, driven as a person does. */
import { expect, test } from 'vitest';
import { projectWith } from '../support/project.ts';
import { waitFor } from '../support/wait-for.ts';
import { openBrowser } from './browser.ts';
import { openCode } from './code-page.ts';
import { artifactsOf, expectRefusal, inContainer, serve, serversDaemon, shown } from './fixture.ts';

test('a file is edited and saved, and a command is run in the terminal', async () => {
  await using daemon = await serversDaemon();
  const cwd = await projectWith(`- name: write\n  provider: code\n  artifacts: [output]`, { 'train.py': 'print(1)\n' });
  await using served = await serve(daemon, cwd, 'write');
  const { name, url, printed, stop } = served;
  const token = new URL(url).searchParams.get('tkn')!;
  expect(token).toMatch(/^[\w-]{32,}$/);
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'running', urls: [{ name: 'code', url }] });
  await expectRefusal(url, 'tkn', '/');

  const read = () => inContainer(daemon, name, 'cat', '/workflow/train.py');
  const holds = (content: string) =>
    waitFor(async () => (await read()) === content, `the file in the container to be ${content}`, { every: 200 });

  const first = await openBrowser();
  const code = await openCode(await first.page(), url);
  await code.rewrite('train.py', "print(6 * 7, file=open('output/answer.txt', 'w'))\n");
  await holds("print(6 * 7, file=open('output/answer.txt', 'w'))\n");
  await code.type('python3 train.py');
  const saved = () => artifactsOf(daemon, cwd, name).then((files) => files['output/answer.txt'] === 3);
  await waitFor(saved, 'what the command has written to be an artifact', { seconds: 60, every: 200 });
  await first.close();

  // opened again, it shows what was saved
  await using second = await openBrowser();
  const again = await openCode(await second.page(), url);
  await again.rewrite('train.py', 'print(9)\n');
  await holds('print(9)\n');

  await stop();
  expect(await shown(daemon, cwd, name)).toMatchObject({ status: 'stopped', urls: [] });
  const { stdout } = await daemon.cli(['logs', name], { cwd });
  for (const text of [daemon.log(), stdout, printed().replaceAll(url, '')]) expect(text).not.toContain(token);
  expect(stdout).not.toContain('Authentication is disabled');
});
