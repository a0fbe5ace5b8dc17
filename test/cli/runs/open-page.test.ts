import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { openPage } from '../../../cli/runs/open-page.ts';
import { must } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';

/** A desktop that notes what it is to open. */
function desktop(script = 'echo "$*" >"${0%/*}/opened"'): { env: NodeJS.ProcessEnv; opened(): string } {
  const dir = scratchDir('d');
  writeFileSync(join(dir, 'xdg-open'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { env: { PATH: `${dir}:/usr/bin:/bin`, HOME: dir }, opened: () => readFileSync(join(dir, 'opened'), 'utf8').trim() };
}

test('a URL with a token is no argument of any program: a file that nobody else can read leads there', async () => {
  const { env, opened } = desktop();
  expect(await openPage('http://127.0.0.1:4000/lab?token=5ec2e7&folder="a"', env)).toMatchObject({ ok: true });
  expect(opened()).not.toContain('5ec2e7');
  expect(statSync(opened()).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(opened())).mode & 0o777).toBe(0o700);
  expect(readFileSync(opened(), 'utf8')).toContain('content="0;url=http://127.0.0.1:4000/lab?token=5ec2e7&amp;folder=&quot;a&quot;"');
});

test('the file is gone when the command has ended', async () => {
  const { env, opened } = desktop();
  const script = `import { openPage } from '${join(import.meta.dirname, '../../../cli/runs/open-page.ts')}'; await openPage('http://h/?token=x', process.env);`;
  await must(process.execPath, ['--input-type=module', '-e', script], { env });
  expect(opened()).toMatch(/\/dstack-open-\w+\/open\.html$/);
  expect(existsSync(dirname(opened()))).toBe(false);
});

test('one without a secret is opened as it is; without a desktop it is said', async () => {
  const { env, opened } = desktop();
  await openPage('http://127.0.0.1:4000', env);
  expect(opened()).toBe('http://127.0.0.1:4000');
  expect(await openPage('http://h/?token=x', { PATH: '/nowhere' })).toMatchObject({ ok: false, failure: { code: 'no_browser' } });
});
