/** `DSTACK_HOST`: whose daemon the commands speak to. */
import { fail, ok, type Result } from '../../shared/result.ts';

export interface Address {
  /** as ssh takes it, without the port: `user@workstation` */
  destination: string;
  port: string | null;
  /** the daemon's home there, `~/…` for one below the user's; null: what DSTACK_HOME says there, else ~/.dstack */
  home: string | null;
  /** as it was given */
  url: string;
}

const form = /^ssh:\/\/(?:(?<user>[^@/:]+)@)?(?<host>\[[0-9a-f:.]+\]|[^@/:]+)(?::(?<port>\d{1,5}))?(?<home>\/.*)?$/i;

/** Reads `ssh://[user@]host[:port][/path/of/the/home]`. Nothing in it may look like an option to ssh. */
export function readAddress(url: string): Result<Address> {
  const parts = form.exec(url)?.groups;
  const host = parts?.['host']?.replaceAll(/^\[|\]$/g, '') ?? '';
  const user = parts?.['user'];
  if (host === '' || /^-|[\s'"\\]/.test(host) || (user !== undefined && /^-|[\s'"\\]/.test(user)) || hasControl(url))
    return fail('bad_host', `DSTACK_HOST is '${url}', which is no address of a machine.`, 'It looks like this: ssh://user@workstation');
  const home = parts?.['home']?.replace(/\/+$/, '').replace(/^\/~(?=\/|$)/, '~') ?? '';
  return ok({
    destination: user === undefined ? host : `${user}@${host}`,
    port: parts?.['port'] ?? null,
    home: home === '' ? null : home,
    url,
  });
}

const hasControl = (text: string): boolean => /\p{Cc}/u.test(text);
