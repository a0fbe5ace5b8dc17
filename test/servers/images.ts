/**
 * The images of these tests, of Debian's own packages. scripts/lib/server-images.sh makes their file systems, once for a machine; setup.ts brings them into
 * the engine of the run before the first test, so that a test only needs the names. An engine that a test starts itself gets them by `ensureServerImages`.
 */
import { createReadStream, existsSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ensureImage } from '../support/import-image.ts';

/** Python 3.13, pip, venv and git: an image as users have it, without anything of ours or of Jupyter's. */
export const pythonImage = 'dstack-test/python:1';

/** The same with JupyterLab 4, Notebook, PyTorch for CPUs (gloo), and VS Code's server as `code-server`. */
export const serversImage = 'dstack-test/servers:1';

/** The version of Python that both have, as config.yaml names it: `images: {[imagePython]: serversImage}`. */
export const imagePython = '3.13';

/** Named by scripts/test --servers: the folder of the file systems, named after their recipe. */
const folderVariable = 'DSTACK_TEST_SERVER_IMAGES';

/** Makes sure that the engine has both. Throws with what to do where nobody has made them. */
export async function ensureServerImages(engine: string): Promise<void> {
  const folder = process.env[folderVariable];
  if (folder === undefined || !existsSync(folder))
    throw new Error('these tests need images that only scripts/test makes: run  scripts/test --servers');
  const changes = [
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'ENV PIP_ROOT_USER_ACTION=ignore',
    'CMD ["python3"]',
  ];
  for (const [name, file] of [
    [pythonImage, 'python.tar'],
    [serversImage, 'servers.tar'],
  ] as const)
    await ensureImage(engine, { name, recipe: basename(realpathSync(folder)), changes }, () => createReadStream(join(folder, file)));
}
