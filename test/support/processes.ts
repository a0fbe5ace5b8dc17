/** Looks into /proc: which processes belong to a test's folder, and what they started. */
import { readdirSync, readFileSync } from 'node:fs';

/** Processes (not this one) whose command line names a path below `dir`. */
export const processesNaming = (dir: string): number[] => others((pid) => words(pid, 'cmdline').some((word) => word.includes(`${dir}/`)));

/** Processes (not this one) that were started with this variable at exactly this value. */
export const processesWith = (name: string, value: string): number[] => others((pid) => words(pid, 'environ').includes(`${name}=${value}`));

/** The command line of a process; empty when it is gone. */
export const commandLine = (pid: number): string[] => words(pid, 'cmdline');

/** Those whose program (the first word's last part) is `name`, or begins with it. */
export const programIs = (pid: number, name: string): boolean => (commandLine(pid)[0] ?? '').split('/').pop()?.startsWith(name) ?? false;

/** Everything that `pid` started, and what those started. */
export function descendants(pid: number): number[] {
  const parents = new Map(allPids().map((child) => [child, parentOf(child)]));
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found.slice(1);
}

/** False when it has ended (a zombie counts as ended). */
export const isAlive = (pid: number): boolean => {
  const state = /\) (\S)/.exec(procFile(pid, 'stat'))?.[1];
  return state !== undefined && state !== 'Z';
};

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it is gone, which is what the caller wants
  }
}

const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

const others = (wanted: (pid: number) => boolean): number[] => allPids().filter((pid) => pid !== process.pid && wanted(pid));

const words = (pid: number, file: 'cmdline' | 'environ'): string[] => procFile(pid, file).split('\0');

const parentOf = (pid: number): number => Number(/\) \S (\d+)/.exec(procFile(pid, 'stat'))?.[1] ?? 0);

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // ended meanwhile, or not ours to see
  }
}
