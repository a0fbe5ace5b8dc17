/** Opens a page in the browser without telling everybody on this machine where it is: the arguments of a program are there for all to read, and a token is in the URL. */
import { openUrl } from './open-url.ts';
import { messageOf, fail, type Result } from '../../shared/result.ts';

/** How long a browser may take to read what it is led by (ms). */
const kept = 60_000;

/**
 * Opens a URL of the web. One with a secret in it (a query) is not handed over itself: a file that only its user can read leads there, as Jupyter's own `jupyter lab`
 * does it. The file is removed a while later, or when this process ends. Fails with `no_browser`.
 */
export async function openPage(url: string, env: NodeJS.ProcessEnv): Promise<Result<void>> {
  if (new URL(url).search === '') return openUrl(url, env);
  const { existsSync, mkdtempSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const { homedir, tmpdir } = process.getBuiltinModule('node:os');
  const { join } = process.getBuiltinModule('node:path');
  try {
    // a browser that came as a snap has a /tmp of its own, and sees no hidden folders
    const dir = mkdtempSync(join(existsSync('/snap/bin') ? (env['HOME'] ?? homedir()) : tmpdir(), 'dstack-open-'));
    const remove = (): void => rmSync(dir, { recursive: true, force: true });
    process.once('exit', remove);
    setTimeout(() => {
      process.off('exit', remove);
      remove();
    }, kept).unref();
    const page = join(dir, 'open.html');
    writeFileSync(page, leadingTo(url), { mode: 0o600, flag: 'wx' });
    return await openUrl(page, env);
  } catch (error) {
    return fail('no_browser', `The browser cannot be opened: ${messageOf(error)}.`, 'Open the URL by hand.');
  }
}

function leadingTo(url: string): string {
  const quoted = url.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  const head = `<meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${quoted}"><title>dstack</title>`;
  return `<!doctype html><html><head>${head}</head><body><a href="${quoted}">Go on</a></body></html>\n`;
}
