/**
 * The network of a private engine: a bridge and an address range of its own, so that it shares nothing with another engine of the machine.
 * It is started without iptables (dockerd flushes the chains of all engines when it starts): containers reach this machine and each other,
 * this machine reaches them and their published ports, and nothing else is reachable from them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, must } from './command.ts';

export interface Bridge {
  name: string;
  /** `10.213.16`: the first three bytes of the first of the 16 /24 nets that are this engine's */
  prefix: string;
}

/** Makes the bridge of the engine in `dir` and notes it there for removeBridges. The kernel refuses a second one of a name: that is the claim. */
export async function makeBridge(dir: string): Promise<Bridge> {
  for (let i = 0; i < 16; i++) {
    const bridge = { name: `dsl${i}`, prefix: `10.213.${i * 16}` };
    if ((await command('ip', ['link', 'add', bridge.name, 'type', 'bridge'])).code !== 0) continue;
    writeFileSync(join(dir, 'bridge.json'), JSON.stringify(bridge));
    await must('ip', ['addr', 'add', `${bridge.prefix}.1/24`, 'dev', bridge.name]);
    await must('ip', ['link', 'set', bridge.name, 'up']);
    return bridge;
  }
  const { stderr } = await command('ip', ['link', 'add', 'dsl0', 'type', 'bridge']);
  throw new Error(`cannot make a network bridge for a test engine (dsl0 to dsl15 were tried): ${stderr.trim()}`);
}

/** What dockerd must be told about it. */
export const bridgeFlags = ({ name, prefix }: Bridge): string[] =>
  ['--bridge', name, '--default-address-pool', `base=${prefix}.0/20,size=24`].concat('--iptables=false', '--ip6tables=false', '--ip-forward=false');

/** Removes the bridge of the engine in `dir`, and those that the engine made for networks in its range. */
export async function removeBridges(dir: string): Promise<void> {
  const { prefix } = JSON.parse(readFileSync(join(dir, 'bridge.json'), 'utf8')) as Bridge;
  const links = JSON.parse(await must('ip', ['-json', '-4', 'addr'])) as { ifname?: string; addr_info?: { local?: string }[] }[];
  for (const { ifname, addr_info } of links) {
    const inRange = addr_info?.some(({ local }) => local !== undefined && rangeOf(local) === prefix);
    if (ifname && inRange) await must('ip', ['link', 'delete', ifname]);
  }
}

/** `10.213.21.1` → `10.213.16` */
function rangeOf(address: string): string {
  const [a, b, c] = address.split('.').map(Number);
  return `${a}.${b}.${(c ?? 0) & 0xf0}`;
}
