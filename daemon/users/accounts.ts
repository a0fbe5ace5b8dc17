import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fail, ok, type Result } from '../../shared/result.ts';

export interface UserAccount {
  user: string;
  uid: number;
  gid: number;
  home: string;
}

const run = promisify(execFile);

/** Names that are safe as a folder's, and that the separator of project keys is not in. Others are left out. */
const usable = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/**
 * The members of a group by the system's own lookup (files, LDAP, …): those that it lists, and those whose primary group it is. Root is none: it has a
 * socket of its own. Fails with `no_such_group`, and with `accounts` where the lookup does not work.
 */
export async function membersOf(group: string): Promise<Result<UserAccount[]>> {
  const found = await getent('group', group);
  if (!found.ok) return found;
  const [line] = found.value;
  if (line === undefined)
    return fail(
      'no_such_group',
      `There is no group '${group}'`,
      `Make it, and add its users: groupadd ${group}; usermod -aG ${group} USER`,
    );
  const [, , gid = '', listed = ''] = line.split(':');
  const everybody = await getent('passwd');
  if (!everybody.ok) return everybody;
  const accounts = new Map(everybody.value.flatMap(accountOf).map((account) => [account.user, account]));
  // a directory of thousands may not be listed as a whole, but answers for each
  const named = listed.split(',').filter((name) => usable.test(name) && !accounts.has(name));
  for (const name of named) {
    const one = await getent('passwd', name);
    if (!one.ok) return one;
    for (const account of one.value.flatMap(accountOf)) accounts.set(account.user, account);
  }
  const members = new Set(listed.split(','));
  return ok(
    [...accounts.values()].filter(
      ({ user, gid: own, uid }) => uid !== 0 && usable.test(user) && (members.has(user) || own === Number(gid)),
    ),
  );
}

/** The lines of a database of the system, or of one entry; none where there is no such entry. */
async function getent(database: string, key?: string): Promise<Result<string[]>> {
  try {
    const { stdout } = await run('getent', key === undefined ? [database] : ['--', database, key], { maxBuffer: 64 << 20 });
    return ok(stdout.split('\n').filter((line) => line !== ''));
  } catch (error) {
    // 2: no such entry
    if ((error as { code?: unknown }).code === 2) return ok([]);
    return fail(
      'accounts',
      `Cannot look up the ${database} of this machine: ${(error as Error).message.split('\n')[0] ?? ''}`,
      'Try it: getent group',
    );
  }
}

/** A line of passwd(5). */
function accountOf(line: string): UserAccount[] {
  const [user = '', , uid = '', gid = '', , home = ''] = line.split(':');
  return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ user, uid: Number(uid), gid: Number(gid), home }] : [];
}
