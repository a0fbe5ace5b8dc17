import type { Logger } from '../logger.ts';
import { membersOf } from './accounts.ts';
import type { UserSockets } from './user-sockets.ts';

/** How often the members of the group are looked up again without being told (ms). */
const lookEvery = 60_000;

/** Keeps the sockets to the members of a group. Where the lookup fails they stay as they are: a directory that is away for a moment cuts off nobody. */
export function followGroup(group: string, sockets: UserSockets, logger: Logger): { look(): Promise<void>; stop(): void } {
  let looking: Promise<void> = Promise.resolve();
  const lookOnce = async (): Promise<void> => {
    const members = await membersOf(group);
    // a group that was deleted has no members
    const users = members.ok ? members.value : members.failure.code === 'no_such_group' ? [] : null;
    if (!members.ok) logger.warn({ group, why: members.failure.message }, 'the members of the group are not known');
    if (users === null) return;
    const { problems } = await sockets.setUsers(users);
    if (problems.length > 0) logger.warn({ problems }, 'some users have no socket');
  };
  const look = (): Promise<void> => {
    looking = looking.then(lookOnce).catch((error: unknown) => logger.error({ error: String(error) }, 'looking up users failed'));
    return looking;
  };
  const timer = setInterval(() => void look(), lookEvery);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}
