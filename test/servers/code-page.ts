/** What a person does in VS Code's page. */
import type { Page } from 'playwright-core';

export interface CodePage {
  /** opens a file of the folder, replaces what is in it, and asks for it to be saved, which then takes a moment */
  rewrite(file: string, content: string): Promise<void>;
  /** types a command into the terminal, which is opened for it */
  type(command: string): Promise<void>;
}

/** Waits until the workbench stands. */
export async function openCode(page: Page, url: string): Promise<CodePage> {
  await page.goto(url);
  await page.locator('.monaco-workbench').waitFor();
  const explorer = page.locator('.explorer-folders-view');
  await explorer.waitFor();
  return {
    rewrite: async (file, content) => {
      await explorer.getByRole('treeitem', { name: file }).dblclick();
      const tab = page.locator('.tab.active').filter({ hasText: file });
      await tab.waitFor();
      const lines = page.locator('.editor-instance .view-lines').first();
      await lines.click();
      await page.keyboard.press('Control+a');
      await page.keyboard.insertText(content);
      await page.keyboard.press('Control+s');
    },
    type: async (command) => {
      await page.keyboard.press('Control+Backquote');
      const terminal = page.locator('.terminal.xterm').first();
      await terminal.click();
      await page.keyboard.insertText(command);
      await page.keyboard.press('Enter');
    },
  };
}
