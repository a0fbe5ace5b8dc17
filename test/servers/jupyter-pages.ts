/** What a person does in the pages of JupyterLab and Notebook. */
import type { Page } from 'playwright-core';
import { waitFor } from '../support/wait-for.ts';

export interface NotebookPage {
  /** types code into the last, empty cell, runs it, and returns what it printed once it has ended */
  run(code: string): Promise<string>;
  save(): Promise<void>;
  /** its file, below the folder of the server */
  file: string;
}

/** JupyterLab at its URL: starts a notebook from the launcher. */
export async function newNotebookInLab(page: Page, url: string): Promise<NotebookPage> {
  const start = async () => {
    await page.goto(url);
    await page.locator('.jp-LauncherCard[data-category="Notebook"]').first().click();
  };
  await Promise.all([kernelTalks(page), start()]);
  return notebookInLab(page, 'Untitled.ipynb');
}

/**
 * JupyterLab at its URL again: opens a notebook that is there from the list of files. The last layout is forgotten (`reset`): JupyterLab 4.0 may open a notebook
 * twice that it also restores, and then starts a second kernel for it and ends the first.
 */
export async function openNotebookInLab(page: Page, url: string, file: string): Promise<NotebookPage> {
  const start = async () => {
    await page.goto(`${url}&reset`);
    await page.locator('.jp-DirListing-item').filter({ hasText: file }).dblclick();
  };
  await Promise.all([kernelTalks(page), start()]);
  return notebookInLab(page, file);
}

/** Resolves when a kernel has said what it is: what is run in JupyterLab before that may be lost, although the page calls the kernel idle already. */
async function kernelTalks(page: Page): Promise<void> {
  const socket = await page.waitForEvent('websocket', (one) => one.url().includes('/api/kernels/'));
  await socket.waitForEvent('framereceived', ({ payload }) => payload.includes('kernel_info_reply'));
}

async function notebookInLab(page: Page, file: string): Promise<NotebookPage> {
  const panel = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await panel.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor();
  const cells = panel.locator('.jp-CodeCell');
  return {
    file,
    run: async (code) => {
      const cell = cells.last();
      await cell.locator('.cm-content').click();
      await page.keyboard.insertText(code);
      const index = (await cells.count()) - 1;
      await page.keyboard.press('Shift+Enter');
      const done = cells
        .nth(index)
        .locator('.jp-InputPrompt')
        .filter({ hasText: /\[\d+\]/ });
      await done.waitFor();
      return (await cells.nth(index).locator('.jp-OutputArea-output').allInnerTexts()).join('').trim();
    },
    save: async () => {
      const saved = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.url().includes(`/api/contents/${file}`));
      await page.keyboard.press('Control+s');
      // a new notebook is asked for its name
      const accept = page.locator('.jp-Dialog button.jp-mod-accept');
      await Promise.race([saved, accept.click().catch(() => saved)]);
      await saved;
    },
  };
}

/** Notebook at its URL: starts one from the menu, which opens another page. */
export async function newNotebook(page: Page, url: string): Promise<NotebookPage & { page: Page }> {
  await page.goto(url);
  await page.locator('#new-dropdown-button').click();
  const [opened] = await Promise.all([page.context().waitForEvent('page'), page.locator('#kernel-python3 a').click()]);
  return {
    ...(await classicNotebook(opened, decodeURIComponent(new URL(await loaded(opened)).pathname.split('/').at(-1)!))),
    page: opened,
  };
}

export async function openNotebook(page: Page, url: string, file: string): Promise<NotebookPage> {
  const { origin, search } = new URL(url);
  await page.goto(`${origin}/notebooks/${file}${search}`);
  return classicNotebook(page, file);
}

const loaded = (page: Page): Promise<string> =>
  waitFor(() => /\/notebooks\//.test(page.url()) && page.url(), 'the page of the new notebook', { seconds: 60 });

async function classicNotebook(page: Page, file: string): Promise<NotebookPage> {
  await page.locator('#kernel_indicator_icon.kernel_idle_icon').waitFor();
  const cells = page.locator('.code_cell');
  return {
    file,
    run: async (code) => {
      const index = (await cells.count()) - 1;
      await cells.nth(index).locator('.CodeMirror').click();
      await page.keyboard.insertText(code);
      await page.keyboard.press('Shift+Enter');
      await cells
        .nth(index)
        .locator('.input_prompt')
        .filter({ hasText: /\[\d+\]/ })
        .waitFor();
      return (await cells.nth(index).locator('.output_subarea').allInnerTexts()).join('').trim();
    },
    save: async () => {
      const saved = page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.url().includes('/api/contents/'));
      await page.keyboard.press('Control+s');
      await saved;
    },
  };
}
