import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ok, type Result } from '../../shared/result.ts';
import type { Daemon } from '../context.ts';
import { followGroup } from './membership.ts';
import { createUserSockets, openUsersFolder } from './user-sockets.ts';

/** Opens the sockets of a group's members, and keeps them so: the group is looked up again on a timer and on SIGHUP, which also reads the policy. */
export async function serveUsers(
  daemon: Pick<Daemon, 'serverFor' | 'logger' | 'reloadPolicy'>,
  home: string,
  runtime: string,
  group: string,
): Promise<Result<{ stop(): void }>> {
  const folder = openUsersFolder(runtime);
  if (!folder.ok) return folder;
  // whatever it was made with: what lies in it is told to users one by one
  chmodSync(home, 0o700);
  writeFileSync(join(home, 'system'), `${group}\n`);
  // so that root's own command finds its socket
  writeFileSync(join(runtime, 'home'), `${home}\n`, { mode: 0o644 });
  const sockets = createUserSockets(folder.value, daemon.serverFor);
  const members = followGroup(group, sockets, daemon.logger);
  await members.look();
  const onHangup = (): void => {
    void members.look();
    void daemon.reloadPolicy().then((read) => read.ok || daemon.logger.warn({ why: read.failure.message }, 'the policy stays as it was'));
  };
  process.on('SIGHUP', onHangup);
  return ok({
    stop() {
      process.off('SIGHUP', onHangup);
      members.stop();
      sockets.close();
    },
  });
}
