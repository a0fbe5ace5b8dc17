import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * What an installation leaves in the workspace that no other run needs: caches of Python, what a wheel was built in, and the metadata of a project that the
 * image has too (as .dist-info: https://packaging.python.org/en/latest/specifications/recording-installed-packages/). `setup.py develop` puts that nowhere but beside the code,
 * and strict editable installs (`build/__editable__…`) and those of other build tools need their `build`. `root`: where the workspace's files lie; `installed`: paths that are new in the image.
 */
export function leftoversOf(root: string, installed: readonly string[]): (path: string) => boolean {
  const known = new Set(installed.flatMap((path) => /\/([^/]+)-[^-/]+\.dist-info$/.exec(path)?.slice(1, 2).map(normal) ?? []));
  return (path) => {
    const name = basename(path);
    if (name === '__pycache__') return true;
    if (name.endsWith('.egg-info')) return known.has(normal(name.slice(0, -'.egg-info'.length)));
    if (name !== 'build') return false;
    try {
      return readdirSync(join(root, path)).every((one) => /^(lib|bdist|temp)(\.|$)/.test(one));
    } catch {
      return false;
    }
  };
}

/** Names of projects are the same whatever the case, and however their parts are joined. */
const normal = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, '-');
