import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { leftoversOf } from '../../../daemon/environments/leftovers.ts';
import { scratchDir } from '../../support/scratch.ts';

describe('what an installation leaves in the workspace', () => {
  const site = '/usr/lib/python3.11/site-packages';
  test.each([
    ['src/__pycache__', [], true],
    ['my_pkg.egg-info', [`${site}/my_pkg-1.0.dist-info`], true],
    ['src/My.Pkg.egg-info', [`${site}/my_pkg-1.0.dev1+local.dist-info`], true],
    // what `setup.py develop` leaves: the image only refers to it
    ['my_pkg.egg-info', [`${site}/my-pkg.egg-link`, `${site}/easy-install.pth`, `${site}/other-1.0.dist-info`], false],
    ['made.txt', [`${site}/my_pkg-1.0.dist-info`], false],
  ])('%s with %j in the image: %s', (path, installed, left) => expect(leftoversOf('/nowhere', installed)(path)).toBe(left));
  test.each([
    [['lib', 'bdist.linux-x86_64', 'temp.linux-x86_64-cpython-311'], true],
    [['lib', '__editable__.my_pkg-1.0'], false],
    [['cp311'], false],
  ])('a folder `build` with %j: %s', (names, left) => {
    const root = scratchDir('l');
    for (const name of names) mkdirSync(join(root, 'sub/build', name), { recursive: true });
    expect(leftoversOf(root, [])('sub/build')).toBe(left);
  });
});
