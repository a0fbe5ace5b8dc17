import { readFile } from 'node:fs/promises';
import type { GpuProcess } from './host.ts';
import { runLimited } from './run-limited.ts';

type Owner = Pick<GpuProcess, 'user' | 'container'>;

/** Who runs a process of this machine, and in which container; null for what cannot be known: it may be gone. Names of users are asked once. */
export function processOwners(proc = '/proc', nameOf: (uid: number) => Promise<string> = userName): (pid: number) => Promise<Owner> {
  const names = new Map<number, Promise<string>>();
  const read = (pid: number, file: string): Promise<string> => readFile(`${proc}/${pid}/${file}`, 'utf8').catch(() => '');
  return async (pid) => {
    const [status, cgroup] = await Promise.all([read(pid, 'status'), read(pid, 'cgroup')]);
    const digits = /^Uid:\s*(\d+)/m.exec(status)?.[1];
    if (digits === undefined) return { user: null, container: containerIn(cgroup) };
    const uid = Number(digits);
    const name = names.get(uid) ?? nameOf(uid);
    names.set(uid, name);
    return { user: await name, container: containerIn(cgroup) };
  };
}

/** The container in the text of /proc/PID/cgroup, of either generation of cgroups; of one within another the inner. Null: none. */
export const containerIn = (cgroup: string): string | null => cgroup.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)?.at(-1) ?? null;

/** Through the name service, so that users of a directory (LDAP) have theirs too; `uid 1234` where there is none. */
async function userName(uid: number): Promise<string> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const local = nameIn(passwd, uid);
  if (local) return local;
  const ended = await runLimited('getent', ['passwd', String(uid)], 2_000);
  return (ended.kind === 'exited' && nameIn(ended.output, uid)) || `uid ${uid}`;
}

const nameIn = (passwd: string, uid: number): string | undefined =>
  passwd
    .split('\n')
    .find((line) => line.split(':')[2] === String(uid))
    ?.split(':')[0];
