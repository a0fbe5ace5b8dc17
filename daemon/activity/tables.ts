import { readFile } from 'node:fs/promises';
import type { Engine } from '../engine/engine.ts';

const files = ['net/tcp', 'net/tcp6'];

/**
 * The tables of TCP connections of a container's network. Where its first process is one of this machine's (seen by its control group, which holds the
 * container's id) they are read from there, by any user. Else (an engine in a virtual machine, or elsewhere) a `cat` in the container says them. Null:
 * neither does.
 */
export async function connectionTables(
  engine: Pick<Engine, 'execOutput'>,
  container: { id: string; pid: number },
  withinMs: number,
): Promise<string | null> {
  return (await fromHere(container)) ?? (await engine.execOutput(container.id, ['cat', ...files.map((file) => `/proc/${file}`)], withinMs));
}

async function fromHere({ id, pid }: { id: string; pid: number }): Promise<string | null> {
  try {
    const of = async (): Promise<boolean> => (await readFile(`/proc/${pid}/cgroup`, 'utf8')).includes(id);
    if (pid <= 0 || !(await of())) return null;
    const [first = '', ...others] = await Promise.all(
      // a kernel without IPv6 has no tcp6
      files.map((file, i) => readFile(`/proc/${pid}/${file}`, 'utf8').catch((error: unknown) => (i === 0 ? Promise.reject(error) : ''))),
    );
    // the process may have ended, and its number be another's
    return (await of()) ? [first, ...others].join('\n') : null;
  } catch {
    return null;
  }
}
