import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../engine/engine.ts';

export interface ProcessStats {
  /** a line of /proc/PID/stat for each process */
  stats: string;
  /** the number of the container's own process, as it is in them */
  first: number;
}

/** With the shell alone: another program would be one more process of it, and be missing in some image. Those that end meanwhile are left out. */
const script = 'for stat in /proc/[0-9]*/stat; do read -r line <"$stat" && printf "%s\\n" "$line"; done 2>/dev/null; exit 0';

/**
 * The processes of a container. Where its first is one of this machine's (seen by its control group, which holds the container's id) they are those that the kernel
 * lists as members of that group (cgroup.procs: cgroups(7)), read by any user. Else (see tables.ts) a shell in the container says them. Null: neither does.
 */
export async function processStats(
  engine: Pick<Engine, 'execOutput'>,
  container: { id: string; pid: number },
  withinMs: number,
): Promise<ProcessStats | null> {
  const stats = await fromHere(container);
  if (stats !== null) return { stats, first: container.pid };
  const said = await engine.execOutput(container.id, ['/bin/sh', '-c', script], withinMs);
  return said === null ? null : { stats: said.replaceAll('\r', ''), first: 1 };
}

async function fromHere({ id, pid }: { id: string; pid: number }): Promise<string | null> {
  const groups = async (): Promise<string[]> => (pid > 0 ? foldersOf(await textOf(`/proc/${pid}/cgroup`), id) : []);
  for (const folder of await groups()) {
    const members = (await textOf(join(folder, 'cgroup.procs'))).split('\n').filter(Boolean);
    // of a hierarchy that is mounted elsewhere, or seen from another namespace
    if (!members.includes(String(pid))) continue;
    const stats = await Promise.all(members.map((member) => textOf(`/proc/${member}/stat`)));
    // the process may have ended, and its number be another's
    return (await groups()).length > 0 ? stats.join('') : null;
  }
  return null;
}

/**
 * Where the control groups of a process are, by its /proc/PID/cgroup (`number:controllers:path`, cgroups(7)): of version 2 (no controllers) at the root of the file
 * system or below `unified`, of version 1 below their controllers' names. Only those that hold the container's id.
 */
function foldersOf(groups: string, id: string): string[] {
  return groups.split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (!path.includes(id)) return [];
    const roots = controllers === '' ? ['', 'unified'] : [controllers.replace(/^name=/, '')];
    return roots.map((root) => join('/sys/fs/cgroup', root, path));
  });
}

/** '': it is not there any more, or not ours to read. */
const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');
