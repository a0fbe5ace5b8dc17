/**
 * A socket for each user: `<runtime>/users/<name>/dstackd.sock`, the user's own (0600), so that the kernel says who asks.
 *
 * INVARIANT: root works in no folder that a user can write. All folders are root's: a user could put links into one of theirs, or fill the memory that
 * /run lies in.
 */
import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { UserAccount } from './accounts.ts';

export interface UserSockets {
  /** Makes it so that exactly these users have a socket: those who left are cut off at once. Who could not be given one is reported, and tried again next time. */
  setUsers(users: readonly UserAccount[]): Promise<{ problems: string[] }>;
  /** Cuts everybody off. The files stay: what finds no daemon behind them knows that there should be one */
  close(): void;
}

/** The folder of the users' sockets. Fails with `runtime_unsafe` where somebody else could put things into it. */
export function openUsersFolder(runtime: string): Result<string> {
  const users = join(runtime, 'users');
  mkdirSync(users, { recursive: true, mode: 0o755 });
  for (const dir of [runtime, users]) {
    const stat = lstatSync(dir);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0) {
      return fail(
        'runtime_unsafe',
        `${dir} is not a folder that only root can write to`,
        `Remove it, or: chown root ${dir}; chmod 755 ${dir}`,
      );
    }
    chmodSync(dir, 0o755);
  }
  return ok(users);
}

/** `serve` makes the server that answers one user. */
export function createUserSockets(folder: string, serve: (user: UserAccount) => Server): UserSockets {
  const open = new Map<string, { account: UserAccount; close: () => void }>();
  let round = 0;

  const giveTo = async (account: UserAccount): Promise<void> => {
    const { user, uid, gid } = account;
    const making = join(folder, `.${process.pid}-${round++}`);
    takeAway(folder, making);
    mkdirSync(making, { mode: 0o700 });
    chmodSync(making, 0o711);
    const socket = join(making, 'dstackd.sock');
    const server = serve(account);
    const connections = new Set<Socket>();
    server.on('connection', (connection: Socket) => {
      connections.add(connection);
      connection.once('close', () => connections.delete(connection));
    });
    const close = (): void => {
      server.close();
      // those that were upgraded the server knows no more
      for (const connection of connections) connection.destroy();
    };
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(socket, resolve);
      });
      chmodSync(socket, 0o600);
      lchownSync(socket, uid, gid);
      takeAway(folder, join(folder, user));
      renameSync(making, join(folder, user));
    } catch (error) {
      close();
      takeAway(folder, making);
      throw error;
    }
    open.set(user, { account, close });
  };

  return {
    async setUsers(users) {
      const wanted = new Map(users.map((account) => [account.user, account]));
      for (const [name, { account, close }] of open) {
        const now = wanted.get(name);
        if (now && now.uid === account.uid && now.gid === account.gid && now.home === account.home) continue;
        close();
        open.delete(name);
      }
      // those of an earlier daemon too
      for (const name of readdirSync(folder)) if (!open.has(name) && !name.startsWith('.old-')) takeAway(folder, join(folder, name));
      const problems: string[] = [];
      for (const account of wanted.values()) {
        if (open.has(account.user)) continue;
        await giveTo(account).catch((error: unknown) =>
          problems.push(`${account.user}: ${error instanceof Error ? error.message : String(error)}`),
        );
      }
      return { problems };
    },
    close() {
      for (const { close } of open.values()) close();
      open.clear();
    },
  };
}

/** Removes what stands at a name in `folder`; what is no plain entry is left where nobody finds it. */
function takeAway(folder: string, path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isDirectory()) return unlinkSync(path);
  const old = join(folder, `.old-${process.pid}-${Date.now()}-${stat.ino}`);
  renameSync(path, old);
  lchownSync(old, 0, 0);
  chmodSync(old, 0o700);
  try {
    for (const name of readdirSync(old)) unlinkSync(join(old, name));
    rmdirSync(old);
  } catch {
    // a folder in it: of no use to anybody, and gone with the next boot
  }
}
