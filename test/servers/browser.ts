/** A headless Chromium, the distribution's own, that speaks to this machine only. */
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

/** As Debian and Ubuntu place it. */
const programs = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
/** root may not use Chromium's sandbox, and nothing here asks anybody on the Internet for updates */
const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** How long a page may take for one step on a busy machine (ms). */
const patience = 60_000;

export interface TestBrowser {
  /** a page of somebody new: no cookies, nothing remembered */
  page(): Promise<Page>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts one. Throws where there is no Chromium. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = programs.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error('these tests need Chromium: run them with  scripts/test --servers  or  apt-get install chromium');
  const browser: Browser = await chromium.launch({ executablePath, args: flags.split(' '), timeout: patience });
  const close = () => browser.close();
  return {
    page: async () => {
      const context: BrowserContext = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      context.setDefaultTimeout(patience);
      context.setDefaultNavigationTimeout(patience);
      return context.newPage();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
