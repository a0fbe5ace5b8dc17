import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { engineRequest } from './engine-api.ts';
import { scratchDir } from './scratch.ts';
import { ensureTinyImage, tinyImage } from './tiny-image.ts';

export const fakeJupyterImage = 'dstack-test/fake-jupyter:1';

/**
 * What it has for `jupyter-lab`: a web server that answers with whatever files lie in /state. `DELAY`: it waits for the file /state/up first. `BURN`: it uses a
 * core until there is the file /state/calm. `TELL`: it prints what it was given.
 */
const program = `#!/bin/sh
for word; do case $word in --port=*) port=\${word#--port=};; esac; done
if [ -n "$TELL" ]; then echo "token $JUPYTER_TOKEN, words $*, run $RUN_NAME, mine $MINE"; fi
if [ -n "$DELAY" ]; then until [ -e /state/up ]; do usleep 50000; done; fi
if [ -n "$BURN" ]; then until [ -e /state/calm ]; do :; done & fi
exec httpd -f -p "0.0.0.0:$port" -h /state
`;

/** Makes sure that the engine has the image: a stand-in for one with Jupyter, for tests of what the daemon does with its answers. Like the images that Jupyter's makers
 * publish it is asked for its health all the time, which looks like somebody at work. */
export async function ensureFakeJupyterImage(host: string): Promise<void> {
  await ensureTinyImage(host);
  const context = pack();
  context.entry({ name: 'jupyter-lab', mode: 0o755 }, program);
  context.entry(
    { name: 'Dockerfile' },
    `FROM ${tinyImage}\nCOPY jupyter-lab /usr/local/bin/jupyter-lab\nHEALTHCHECK --interval=1s --timeout=5s CMD sleep 2\n`,
  );
  context.finalize();
  const { body } = await engineRequest(host, 'POST', `/build?t=${fakeJupyterImage}`, { body: context });
  // a failure comes with status 200, in the body
  if (body.includes('"error"')) throw new Error(`building ${fakeJupyterImage}: ${body}`);
}

/** What one such server says. */
export interface FakeJupyter {
  /** to be mounted at /state */
  dir: string;
  /** from now on there is one kernel, in this state, with this many open pages */
  kernel(state: 'idle' | 'busy', connections?: number): void;
  /** something was done just now */
  touch(): void;
  /** it does not say any more what its kernels do, and says it again */
  hide(): void;
  show(): void;
  file(name: string): void;
}

export function fakeJupyter(): FakeJupyter {
  const dir = scratchDir('j');
  mkdirSync(join(dir, 'api'));
  const put = (name: string, body: unknown): void => {
    // whole at any moment
    writeFileSync(join(dir, '.new'), JSON.stringify(body));
    renameSync(join(dir, '.new'), join(dir, name));
  };
  let done = 0;
  const touch = (): void => put('api/status', { started: '2026-11-23T09:00:00Z', last_activity: String(done++), kernels: 1 });
  const kernel: FakeJupyter['kernel'] = (state, connections = 0) =>
    put('api/kernels', [{ id: '0f8d', execution_state: state, last_activity: '2026-11-23T10:00:00Z', connections }]);
  touch();
  kernel('idle');
  put('api/terminals', []);
  const move = (from: string, to: string) => (): void => renameSync(join(dir, from), join(dir, to));
  const [hide, show] = [move('api/kernels', 'hidden'), move('hidden', 'api/kernels')];
  return { dir, touch, kernel, hide, show, file: (name) => writeFileSync(join(dir, name), '') };
}
