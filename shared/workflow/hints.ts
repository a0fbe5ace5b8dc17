/** What loads, but is probably not what was meant, or does nothing here. */
import { providerNames, type ProviderName } from './model.ts';
import type { Source } from './source.ts';
import { itemsOf, nodeAt, pointAt, scalarsOf, spanWithin, textOf } from './tree.ts';
import type { MapTree } from './tree.ts';

export function hintAt(workflow: MapTree, provider: ProviderName | null, source: Source): void {
  const hint: Hint = (path, message, advice, at = 'value') => {
    const { node, key, found } = nodeAt(workflow, path);
    if (found) source.report(at === 'key' && key ? key : pointAt(node, key), message, advice, 'hint');
  };
  ignoredKeys(hint);
  const name = textOf(workflow.entries.get('name')?.value);
  if (providerNames.some((one) => one === name))
    hint(['name'], `\`${name}\` is a provider too`, `\`dstack run ${name}\` is this workflow; give it another name to have both`);
  gpuHints(workflow, hint);
  pipHints(workflow, source);
  valueHints(workflow, source);
  if (workflow.entries.has('setup'))
    hint(['before_run'], '`before_run` is ignored beside `setup`', 'they are two names of one key: keep `setup`', 'key');
  if (workflow.entries.has('script') && workflow.entries.has('file'))
    hint(['script'], '`script` is ignored beside `file`', 'they are two names of one key: keep `file`', 'key');
  if (provider === 'docker' || workflow.entries.has('image'))
    hint(['python'], '`python` is ignored beside `image`', 'the image has a Python of its own, or none', 'key');
}

type Hint = (path: PropertyKey[], message: string, advice: string, at?: 'key' | 'value') => void;

/** Nothing is lost without them. */
function ignoredKeys(hint: Hint): void {
  hint(['cache'], '`cache` is ignored', 'keep such a folder on the host: `mounts: ["~/.cache/pip:/root/.cache/pip"]`', 'key');
  hint(
    ['ssh'],
    '`ssh` is ignored',
    'the container runs on a machine of your own: `docker exec -it CONTAINER bash` opens a shell in it',
    'key',
  );
  hint(
    ['home_dir'],
    '`home_dir` is ignored',
    '`~` is not expanded in paths; to move the home of the commands, set HOME in `env`, and `mounts` keeps what they write there',
    'key',
  );
  for (const key of ['local', 'remote'])
    hint(['resources', key], `\`${key}\` is ignored`, 'runs go to this machine and to the hosts of its pool', 'key');
}

function gpuHints(workflow: MapTree, hint: Hint): void {
  const { node, found } = nodeAt(workflow, ['resources', 'gpu']);
  if (!found) return;
  const isMap = node.kind === 'map';
  const countPath = ['resources', 'gpu', ...(isMap ? ['count'] : [])];
  const count = nodeAt(workflow, countPath);
  if (count.found && /^\s*[+-]?0+\s*$/.test(textOf(count.node) ?? '')) hint(countPath, '0 GPUs are the same as none', 'leave `gpu` out');
  if (isMap && !count.found && !node.entries.has('name'))
    hint(['resources', 'gpu'], 'this asks for one GPU', 'write `count` for more', 'key');
}

/** `pip install requirements.txt`, which stood in the documentation of its day. */
function pipHints(workflow: MapTree, source: Source): void {
  for (const key of ['commands', 'setup', 'before_run']) {
    for (const item of itemsOf(workflow.entries.get(key)?.value)) {
      for (const node of scalarsOf(item)) {
        const wrong = fileTakenAsPackage(node.text);
        if (!wrong) continue;
        const at = spanWithin(node, wrong.file, wrong.offset, source.text);
        source.report(at, `pip takes \`${wrong.file}\` as the name of a package`, `write \`pip install -r ${wrong.file}\``, 'hint');
      }
    }
  }
}

/** The first `.txt` that a `pip install` of the command is given without saying that it is a file. */
function fileTakenAsPackage(command: string): { file: string; offset: number } | null {
  for (const install of command.matchAll(/\bpip3?\s+install\s([^;&|\n]*)/g)) {
    const start = install.index + install[0].length - (install[1] ?? '').length;
    let before = '';
    for (const { 0: word, index } of (install[1] ?? '').matchAll(/\S+/g)) {
      const isFile = /^[\w./][\w./-]*\.txt$/.test(word);
      if (isFile && !['-r', '--requirement', '-c', '--constraint'].includes(before)) return { file: word, offset: start + index };
      before = word;
    }
  }
  return null;
}

function valueHints(workflow: MapTree, source: Source): void {
  for (const item of itemsOf(workflow.entries.get('deps')?.value)) {
    const text = textOf(item);
    if (text?.endsWith(':latest') && !text.startsWith(':')) {
      source.report(
        item.span,
        `\`${text}\` is read as \`${text.slice(0, -7)}\``,
        'a workflow as dep always means its newest run that is done',
        'hint',
      );
    }
  }
  for (const item of itemsOf(workflow.entries.get('artifacts')?.value)) {
    const node = item.kind === 'map' ? item.entries.get('path')?.value : item;
    const [variable] = /\$\w+|\$\{\w+\}/.exec(textOf(node) ?? '') ?? [];
    if (node && variable)
      source.report(node.span, `\`${variable}\` is not expanded in paths of artifacts`, 'the folder will be called exactly so', 'hint');
  }
  const env = workflow.entries.get('env')?.value;
  const seen = new Set<string>();
  for (const item of env?.kind === 'list' ? env.items : []) {
    const [name] = textOf(item)?.split('=', 1) ?? [];
    if (name !== undefined && seen.has(name)) source.report(item.span, `\`${name}\` is set twice`, 'the last one counts', 'hint');
    if (name !== undefined) seen.add(name);
  }
}
