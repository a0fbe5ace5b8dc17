/**
 * `dstack-test/tiny:1`: busybox with all its applets and the machine's own bash, made without any registry in well under a second.
 */
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { must } from './command.ts';
import { ensureImage } from './import-image.ts';

export const tinyImage = 'dstack-test/tiny:1';

/** Raised when the recipe below changes: an engine that has an image of another recipe gets it anew. */
const recipe = '1';

/** Makes sure that the engine has the image. */
export async function ensureTinyImage(host: string): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'dsl-tiny-'));
  try {
    const changes = ['ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'CMD ["/bin/sh"]'];
    await ensureImage(host, { name: tinyImage, recipe, changes }, async () => {
      await fill(root);
      return spawn('tar', ['--owner=0', '--group=0', '-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] }).stdout;
    });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function fill(root: string): Promise<void> {
  for (const dir of ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'sys', 'usr/bin', 'var']) mkdirSync(join(root, dir), { recursive: true });
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000::/home:/bin/bash\nnobody:x:65534:65534::/:/bin/sh\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n');

  const busybox = await staticBusybox();
  copyFileSync(busybox, join(root, 'bin/busybox'));
  for (const applet of (await must(busybox, ['--list'])).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  symlinkSync('/bin/env', join(root, 'usr/bin/env')); // where scripts look for it
  const bash = realpathSync('/bin/bash');
  for (const file of [bash, ...(await libraries(bash))]) {
    const target = join(root, file === bash ? 'bin/bash' : file);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(realpathSync(file), target);
  }
}

/** A busybox that needs no library (Debian's busybox-static). */
async function staticBusybox(): Promise<string> {
  for (const path of ['/bin/busybox', '/usr/bin/busybox']) {
    if (existsSync(path) && (await libraries(path)).length === 0) return path;
  }
  throw new Error('the test image needs a static busybox: apt-get install busybox-static');
}

/** The files that a program loads, as the machine's loader finds them; none for a static one. */
async function libraries(program: string): Promise<string[]> {
  const text = await must('sh', ['-c', 'ldd "$1" 2>&1 || true', 'sh', program]);
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path!);
}
