import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How many NVIDIA cards are on this machine's bus, with a driver or without: display controllers (class 03) of vendor 10de. */
export async function nvidiaCards(bus = '/sys/bus/pci/devices'): Promise<number> {
  const read = (device: string, file: string) => readFile(join(bus, device, file), 'utf8').catch(() => '');
  const devices = await readdir(bus).catch(() => []);
  const ours = await Promise.all(
    devices.map(async (device) => (await read(device, 'vendor')).trim() === '0x10de' && (await read(device, 'class')).startsWith('0x03')),
  );
  return ours.filter(Boolean).length;
}
