/** Opens URLs in whatever the desktop has for them. */
import { fail, ok, type Result } from '../../shared/result.ts';

/** What opens a URL, per system; the first that is there. */
const openers = { darwin: ['open'], linux: ['wslview', 'xdg-open'] } as const;

/** How long an opener has to say that it cannot (ms): most end at once, some stay for as long as the browser. */
const patience = 1500;

/** Opens a URL. Fails with `no_browser`, with what to do instead: nothing here can, or there is no display. */
export async function openUrl(url: string, env: NodeJS.ProcessEnv): Promise<Result<void>> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { delimiter, join } = process.getBuiltinModule('node:path');
  const names = process.platform === 'darwin' ? openers.darwin : openers.linux;
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const program = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (program === undefined) return fail('no_browser', 'There is nothing here that opens it (xdg-open, wslview).', 'Open the URL by hand.');
  return new Promise((resolve) => {
    const child = spawn(program, [url], { env, stdio: 'ignore', detached: true });
    child.unref();
    const timer = setTimeout(() => resolve(ok(undefined)), patience);
    const settle = (result: Result<void>): void => {
      clearTimeout(timer);
      resolve(result);
    };
    child.on('error', (error) => settle(fail('no_browser', `The browser cannot be opened: ${error.message}.`, 'Open the URL by hand.')));
    child.on('exit', (code) =>
      settle(
        code === 0
          ? ok(undefined)
          : fail('no_browser', `The browser cannot be opened (${program} ended with ${code}).`, 'Open the URL by hand.'),
      ),
    );
  });
}
