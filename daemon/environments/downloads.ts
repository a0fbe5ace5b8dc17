/**
 * What pip and uv have downloaded, one folder per user, mounted into builds and jobs. The programs in containers own what they write there (root mostly), and pip
 * trusts only a folder of its own user: hence one below for each user of images, made by whoever comes first in a container.
 */
import { chmodSync, mkdirSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { removeAll } from '../remove-all.ts';
import { diskUse } from '../snapshots/disk-use.ts';

/** In containers. */
const mountPoint = '/var/cache/dstack';

/** The folder of a run's user; null: the daemon's own. */
export const downloadsName = (owner: { uid: number } | null): string => (owner === null ? 'own' : String(owner.uid));

export type Downloads = ReturnType<typeof createDownloads>;

export function createDownloads(dir: string, deleteAsRoot: (path: string) => Promise<void>) {
  const folders = (): string[] => {
    try {
      return readdirSync(dir);
    } catch {
      return [];
    }
  };
  return {
    /** The folder of a user of ours, made where it is missing, where it is mounted, and the variables that tell of it; none that the image sets itself. */
    of(user: string, imageUser: string, imageEnv: readonly string[]): { source: string; target: string; env: Record<string, string> } {
      const source = join(dir, user);
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      mkdirSync(source, { recursive: true });
      // any user of an image makes a folder in it; the parent is closed to others on this machine
      chmodSync(source, 0o777);
      // when it was used last
      utimesSync(source, new Date(), new Date());
      const own = join(mountPoint, (imageUser.split(':')[0] || 'root').replace(/^0$/, 'root').replaceAll(/[^\w.-]/g, '_'));
      // it is another disk than the image's: uv would say at each install that it cannot link
      const env = Object.entries({ PIP_CACHE_DIR: `${own}-pip`, UV_CACHE_DIR: `${own}-uv`, UV_LINK_MODE: 'copy' });
      return {
        source,
        target: mountPoint,
        env: Object.fromEntries(env.filter(([name]) => !imageEnv.some((one) => one.startsWith(`${name}=`)))),
      };
    },

    /** users and how much is kept for them (bytes), and since when it was not used (ms since 1970) */
    async use(): Promise<{ user: string; bytes: number; usedAt: number }[]> {
      const users = folders();
      const sizes = await diskUse(users.map((user) => join(dir, user)));
      return users.map((user, i) => ({
        user,
        bytes: sizes[i] ?? 0,
        usedAt: statSync(join(dir, user), { throwIfNoEntry: false })?.mtimeMs ?? 0,
      }));
    },

    remove: (user: string): Promise<void> => removeAll(join(dir, user)).catch(() => deleteAsRoot(join(dir, user))),
  };
}
