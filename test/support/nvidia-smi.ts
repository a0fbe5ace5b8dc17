/**
 * A stand-in for NVIDIA's nvidia-smi, for machines without a GPU: it answers the report (`-q -x`), CSV queries and `-L` about GPUs that a test makes up and
 * may change between calls, or does whatever else the test says.
 */
import { renameSync, chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StandInGpu {
  uuid: string;
  name?: string;
  /** MiB */
  memory?: number;
  /** MiB */
  used?: number;
  /** percent */
  utilization?: number;
  /** °C */
  temperature?: number;
  /** W */
  power?: number;
  computeCapability?: string;
  processes?: { pid: number; name?: string; type?: 'C' | 'G' | 'C+G'; memory?: number }[];
  /** put into its part of the report as it is */
  more?: string;
}

export interface NvidiaSmi {
  path: string;
  /** what it tells from the next call on */
  set(gpus: StandInGpu[]): void;
  /** a shell script in its place: it hangs, prints rubbish, fails */
  says(script: string): void;
}

/** Puts it into the folder `bin`. */
export function nvidiaSmi(bin: string, gpus: StandInGpu[] = []): NvidiaSmi {
  const path = join(bin, 'nvidia-smi');
  // never written over: the one that runs may be in use, and no call may see half of one
  const put = (to: string, text: string): void => {
    writeFileSync(`${to}.new`, text);
    chmodSync(`${to}.new`, 0o755);
    renameSync(`${to}.new`, to);
  };
  const made: NvidiaSmi = {
    path,
    set(now) {
      put(join(bin, 'nvidia-smi.json'), JSON.stringify(now));
      put(path, `#!${process.execPath}\n${program}`);
    },
    says: (script) => put(path, `#!/bin/sh\n${script}\n`),
  };
  made.set(gpus);
  return made;
}

/** Plain JavaScript without imports of ours: it runs by itself. */
const program = String.raw`
const gpus = JSON.parse(require('node:fs').readFileSync(__filename + '.json', 'utf8')).map((gpu, index) => ({
  name: 'NVIDIA A100-SXM4-80GB', memory: 81920, used: 0, utilization: 0, temperature: 30, power: 60, computeCapability: '8.0', processes: [],
  index, bus: '00000000:0' + (index + 1) + ':00.0', ...gpu,
}));
const args = process.argv.slice(2).join(' ');
const say = (lines) => console.log(lines.join('\n'));
const csv = (rows, asked) => {
  const [, fields, format = ''] = /=(\S+)(?: --format=(\S+))?/.exec(asked);
  const cell = (row, field) => { const [v, unit] = row[field] ?? ['[N/A]', '']; return unit && !format.includes('nounits') ? v + ' ' + unit : String(v); };
  say([...(format.includes('noheader') ? [] : [fields.split(',').join(', ')]), ...rows.map((row) => fields.split(',').map((f) => cell(row, f)).join(', '))]);
};
const driver = '550.54.15';
const apps = gpus.flatMap((g) => g.processes.map((p) => ({ name: 'python3', type: 'C', memory: 100, gpu: g, ...p })));
const xml = (g) => '<gpu id="' + g.bus + '"><product_name>' + g.name + '</product_name><mig_mode><current_mig>Disabled</current_mig></mig_mode>' +
  '<uuid>' + g.uuid + '</uuid><minor_number>' + g.index + '</minor_number><fb_memory_usage><total>' + g.memory + ' MiB</total><used>' + g.used +
  ' MiB</used></fb_memory_usage><utilization><gpu_util>' + g.utilization + ' %</gpu_util></utilization><temperature><gpu_temp>' + g.temperature +
  ' C</gpu_temp></temperature><gpu_power_readings><power_draw>' + g.power + ' W</power_draw></gpu_power_readings><processes>' +
  apps.filter((p) => p.gpu === g).map((p) => '<process_info><pid>' + p.pid + '</pid><type>' + p.type + '</type><process_name>' + p.name +
  '</process_name><used_memory>' + p.memory + ' MiB</used_memory></process_info>').join('') + '</processes>' + (g.more ?? '') + '</gpu>';
if (args.startsWith('-L')) say(gpus.map((g) => 'GPU ' + g.index + ': ' + g.name + ' (UUID: ' + g.uuid + ')'));
else if (args.includes('-q -x')) say(['<?xml version="1.0" ?>', '<nvidia_smi_log>', '<driver_version>' + driver + '</driver_version>', ...gpus.map(xml), '</nvidia_smi_log>']);
else if (args.includes('--query-gpu=')) csv(gpus.map((g) => ({
  index: [g.index], uuid: [g.uuid], gpu_uuid: [g.uuid], name: [g.name], gpu_name: [g.name], driver_version: [driver], compute_cap: [g.computeCapability],
  'memory.total': [g.memory, 'MiB'], 'memory.used': [g.used, 'MiB'], 'memory.free': [g.memory - g.used, 'MiB'], 'utilization.gpu': [g.utilization, '%'],
  'temperature.gpu': [g.temperature], 'power.draw': [g.power, 'W'], 'pci.bus_id': [g.bus], 'mig.mode.current': ['Disabled'],
})), args);
else if (args.includes('--query-compute-apps=')) csv(apps.filter((p) => p.type !== 'G').map((p) => ({
  gpu_uuid: [p.gpu.uuid], pid: [p.pid], name: [p.name], process_name: [p.name], used_memory: [p.memory, 'MiB'], used_gpu_memory: [p.memory, 'MiB'],
})), args);
else { console.log('Invalid combination of input arguments.'); process.exit(2); }
`;
