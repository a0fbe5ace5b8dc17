import { mkdir, readFile, rm, stat, writeFile, chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gpusFile, gpusSeenFile, jobScript, startScript, verifyScript } from '../providers/script.ts';

/** The folders mounted at /run/dstack, one per attempt: the job's script, and what it tells about its life. */
export function stateFolders(dir: string) {
  const pathOf = (id: string): string => join(dir, id);
  return {
    pathOf,
    /**
     * Makes the folder of an attempt with its script (null: the job has none), the certificates to trust (PEM; null: the image's own) and the numbers of the
     * GPUs' device files that it must see (null: the host has no GPU). Idempotent.
     */
    async prepare(
      id: string,
      script: { commands: string[]; exports: [string, string][] } | null,
      certificates: string | null,
      devices: readonly number[] | null,
    ): Promise<void> {
      const folder = pathOf(id);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await mkdir(folder, { recursive: true });
      // any user of the image writes its exit code here; the parent is closed to others on this machine
      await chmod(folder, 0o777);
      if (script) {
        await writeFile(join(folder, 'start'), startScript, { mode: 0o755 });
        await writeFile(join(folder, 'script'), jobScript(script.commands, script.exports), { mode: 0o755 });
      }
      if (devices !== null) {
        await writeFile(join(folder, gpusFile), `${devices.join(' ')}\n`);
        await writeFile(join(folder, 'verify'), verifyScript, { mode: 0o755 });
      }
      if (certificates !== null) await writeFile(join(folder, 'ca.pem'), certificates, { mode: 0o644 });
    },
    /** `started` and `exitCode` as the script left them; `gpusSeen`: the GPUs that it saw, where they were not its own. */
    async read(id: string): Promise<{ started: boolean; exitCode: number | null; exitAt: number | null; gpusSeen: number[] | null }> {
      const seen = await readFile(join(pathOf(id), gpusSeenFile), 'utf8').catch(() => null);
      const gpusSeen = seen === null ? null : (seen.match(/\d+/g) ?? []).map(Number);
      const started = await stat(join(pathOf(id), 'started')).then(
        () => true,
        () => false,
      );
      const exit = join(pathOf(id), 'exit');
      const text = await readFile(exit, 'utf8').catch(() => null);
      if (text === null || !/^\d+\s*$/.test(text)) return { started, exitCode: null, exitAt: null, gpusSeen };
      return { started, exitCode: Number(text), exitAt: Math.round((await stat(exit)).mtimeMs), gpusSeen };
    },
    /** What the job's user made in it may be beyond this process: then `asRoot` does it. */
    remove: (id: string, asRoot: (path: string) => Promise<void>): Promise<void> =>
      rm(pathOf(id), { recursive: true, force: true }).catch(() => asRoot(pathOf(id))),
    list: (): Promise<string[]> => readdir(dir).catch(() => []),
  };
}
export type StateFolders = ReturnType<typeof stateFolders>;
