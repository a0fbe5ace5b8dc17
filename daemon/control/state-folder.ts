import { chmod, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gpusFile, gpusSeenFile, jobScript, startScript, verifyScript } from '../providers/script.ts';
import { watchStartScript } from '../providers/supervisor-script.ts';
import { removeAll } from '../remove-all.ts';
import { readUntrusted, writeOver } from './untrusted-file.ts';
import { preparePipes } from './watch/state.ts';

const staged = '.new';

/** The folders mounted at /run/dstack, one per attempt: the job's script, and what it tells about its life. */
export function stateFolders(dir: string) {
  const pathOf = (id: string): string => join(dir, id);
  const stageOf = (id: string): string => join(dir, `${id}${staged}`);
  return {
    pathOf,
    /** a folder beside it that the container can only read: what a watch's next attempts need */
    stageOf,
    /**
     * Makes the folder of an attempt with its script (null: the job has none), the certificates to trust (PEM; null: the image's own) and the numbers of the
     * GPUs' device files that it must see (null: the host has no GPU). Idempotent.
     */
    async prepare(
      id: string,
      script: { commands: string[]; exports: [string, string][]; supervised?: boolean } | null,
      certificates: string | null,
      devices: readonly number[] | null,
      /** what else a job's script needs, by name */
      files: Readonly<Record<string, string>> = {},
    ): Promise<void> {
      const folder = pathOf(id);
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await mkdir(folder, { recursive: true });
      // any user of the image writes its exit code here; the parent is closed to others on this machine
      await chmod(folder, 0o777);
      if (script) {
        const { commands, exports, supervised = false } = script;
        await writeOver(join(folder, 'start'), supervised ? watchStartScript : startScript, 0o755);
        await writeOver(join(folder, 'script'), jobScript(commands, exports, !supervised), 0o755);
        if (supervised) {
          await mkdir(stageOf(id), { recursive: true });
          await preparePipes(folder);
        }
      }
      if (devices !== null) {
        await writeOver(join(folder, gpusFile), `${devices.join(' ')}\n`, 0o644);
        await writeOver(join(folder, 'verify'), verifyScript, 0o755);
      }
      for (const [name, text] of Object.entries(files)) await writeOver(join(folder, name), text, 0o755);
      if (certificates !== null) await writeOver(join(folder, 'ca.pem'), certificates, 0o644);
    },
    /** `started` and `exitCode` as the script left them; `gpusSeen`: the GPUs that it saw, where they were not its own. */
    async read(id: string): Promise<{ started: boolean; exitCode: number | null; exitAt: number | null; gpusSeen: number[] | null }> {
      const seen = await readUntrusted(join(pathOf(id), gpusSeenFile));
      const gpusSeen = seen && (seen.text.match(/\d+/g) ?? []).map(Number);
      const started = await lstat(join(pathOf(id), 'started')).then(
        () => true,
        () => false,
      );
      const exit = await readUntrusted(join(pathOf(id), 'exit'));
      if (!exit || !/^\d{1,3}\s*$/.test(exit.text)) return { started, exitCode: null, exitAt: null, gpusSeen };
      return { started, exitCode: Number(exit.text), exitAt: exit.at, gpusSeen };
    },
    /** What the job's user made in it may be beyond this process: then `asRoot` does it. */
    async remove(id: string, asRoot: (path: string) => Promise<void>): Promise<void> {
      await removeAll(stageOf(id));
      await removeAll(pathOf(id)).catch(() => asRoot(pathOf(id)));
    },
    /** ids of those that there are */
    list: async (): Promise<string[]> => [
      ...new Set((await readdir(dir).catch(() => [])).map((name) => (name.endsWith(staged) ? name.slice(0, -staged.length) : name))),
    ],
  };
}
export type StateFolders = ReturnType<typeof stateFolders>;
