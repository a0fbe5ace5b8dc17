/**
 * The network of a private engine: a bridge and an address range of its own, so that it shares nothing with another engine of the machine.
 * It is started without iptables (dockerd flushes the chains of all engines when it starts): containers reach this machine and each other,
 * this machine reaches them and their published ports, and nothing else is reachable from them.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, must } from './command.ts';

/** Makes the bridge of the engine in `dir` and notes it there for removeBridges. The kernel refuses a second one of a name: that is the claim. */
export async function makeBridge(dir: string): Promise<string> {
  for (let i = 0; i < 16; i++) {
    const name = `dsl${i}`;
    if ((await command('ip', ['link', 'add', name, 'type', 'bridge'])).code !== 0) continue;
    writeFileSync(join(dir, 'bridge'), name);
    await must('ip', ['addr', 'add', `10.213.${i}.1/24`, 'dev', name]);
    await must('ip', ['link', 'set', name, 'up']);
    return name;
  }
  const { stderr } = await command('ip', ['link', 'add', 'dsl0', 'type', 'bridge']);
  throw new Error(`cannot make a network bridge for a test engine (dsl0 to dsl15 were tried): ${stderr.trim()}`);
}

/**
 * What dockerd must be told about it. No `--default-address-pool`: with that, a dockerd that starts again deletes `docker0`, which belongs to
 * the machine's own engine.
 */
export const bridgeFlags = (name: string): string[] => ['--bridge', name, '--iptables=false', '--ip6tables=false', '--ip-forward=false'];

/** Removes the bridge of the engine in `dir`, and those that the engine made for networks: its database of networks names them. */
export async function removeBridges(dir: string): Promise<void> {
  const database = join(dir, 'data/network/files/local-kv.db');
  const made = existsSync(database) ? (readFileSync(database, 'latin1').match(/br-[0-9a-f]{12}/g) ?? []) : [];
  const own = new Set([readFileSync(join(dir, 'bridge'), 'utf8'), ...made]);
  for (const name of readdirSync('/sys/class/net')) if (own.has(name)) await must('ip', ['link', 'delete', name]);
}
