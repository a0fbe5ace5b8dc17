import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The names of a project's workflows, read as leniently as can be: a file in the middle of being written has some, too. By its lines alone, so that no parser
 * has to be loaded. Files that cannot be read have none.
 */
export function workflowNames(projectDir: string): string[] {
  const dir = join(projectDir, '.dstack');
  return [...new Set(filesOf(dir).flatMap((file) => namesIn(textOf(file))))];
}

function filesOf(dir: string): string[] {
  const below = join(dir, 'workflows');
  let others: string[] = [];
  try {
    others = readdirSync(below).filter((name) => /\.ya?ml$/.test(name));
  } catch {
    // there is none
  }
  return [join(dir, 'workflows.yaml'), join(dir, 'workflows.yml'), ...others.map((name) => join(below, name))];
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** `name:` of the items of the list below `workflows:`, not of what lies deeper in them. */
export function namesIn(text: string): string[] {
  const names: string[] = [];
  let inside = false;
  /** columns of the dashes of the list, and of the keys of the item */
  let dash: number | null = null;
  let keys = -1;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue;
    const indent = line.length - line.trimStart().length;
    const item = /^\s*-\s+/.exec(line);
    if (indent === 0 && !item) {
      inside = /^workflows\s*:/.test(line);
      dash = null;
      continue;
    }
    if (!inside) continue;
    if (item && (dash === null || indent === dash)) {
      dash = indent;
      keys = item[0].length;
      // on one line: - {name: train, provider: bash}
      const flow = /^\s*-\s+\{(?:.*?[,\s])?name:\s*["']?([^\s"',}]+)/.exec(line);
      if (flow?.[1]) names.push(flow[1]);
    } else if (indent !== keys) continue;
    const name = /^["']?name["']?\s*:\s+["']?([^\s"'#]+)/.exec(line.slice(keys));
    if (name?.[1]) names.push(name[1]);
  }
  return names;
}
