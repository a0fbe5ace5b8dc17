import { basename } from 'node:path';
import type { GpuInfo } from '../shared/api.ts';
import { formatSize } from '../shared/units.ts';
import { shortUuid } from './gpu-name.ts';
import type { Output } from './terminal/output.ts';
import { table } from './terminal/table.ts';
import { oneLine } from './terminal/text.ts';

/** GPUs for people, as lines; none: no line. What speaks against handing one out stands below it. */
export function gpuTable(gpus: readonly GpuInfo[], out: Output): string[] {
  if (gpus.length === 0) return [];
  const nothing = '-';
  const unit = (value: number | null, text: string): string => (value === null ? nothing : `${Math.round(value)}${text}`);
  // one that is lost may have left its number to another
  const places = gpus.map((gpu) => `${gpu.host} ${gpu.index} ${gpu.mig ? gpu.uuid : ''}`);
  const showUuids = (out.columns() ?? Infinity) >= 120 || new Set(places).size < places.length;
  return table<GpuInfo>({
    rows: [...gpus],
    width: out.columns(),
    titleStyle: (title) => out.style('bold', title),
    columns: [
      { title: 'HOST', value: (gpu) => oneLine(gpu.host), least: 5 },
      { title: 'GPU', value: (gpu) => `${gpu.mig ? '└ ' : ''}${gpu.index}` },
      ...(showUuids ? [{ title: 'UUID', value: (gpu: GpuInfo) => oneLine(shortUuid(gpu.uuid)) }] : []),
      { title: 'NAME', value: (gpu) => oneLine(name(gpu)), least: 10 },
      { title: 'MEMORY', value: memory, align: 'right' },
      { title: 'UTIL', value: (gpu) => unit(gpu.utilization, '%'), align: 'right' },
      { title: 'TEMP', value: (gpu) => unit(gpu.temperature, '°C'), align: 'right' },
      { title: 'USED BY', value: (gpu) => oneLine(user(gpu)), least: 12, style: (cell, gpu) => out.style(colour(gpu), cell) },
    ],
    note: (gpu) => (gpu.busy === null ? null : oneLine(gpu.busy)),
    noteStyle: (note) => out.style('dim', note),
  });
}

const colour = (gpu: GpuInfo): 'green' | 'yellow' | 'cyan' => (gpu.holder ? 'cyan' : gpu.busy === null ? 'green' : 'yellow');

/** Every name begins with NVIDIA, and a part stands below its whole. */
const name = (gpu: GpuInfo): string => (gpu.mig ? `MIG ${gpu.mig.profile}` : gpu.name.replace(/^NVIDIA /, ''));

/** `12.3 / 85.9 GB` */
function memory({ memory: total, memoryUsed: used }: GpuInfo): string {
  if (total === null) return used === null ? '-' : formatSize(used);
  const [size, unit] = formatSize(total).split(' ');
  const usedSize = used === null ? '-' : unit === 'GB' ? (used / 1e9).toFixed(1) : formatSize(used);
  return `${usedSize} / ${size} ${unit}`;
}

function user({ holder, busy, processes }: GpuInfo): string {
  if (holder) return holder.run === '' ? `another daemon (${holder.user})` : `${holder.run} (${holder.user})`;
  if (busy === null) return 'free';
  const [first] = processes;
  if (!first || !/^(is used by process|has .* of its memory)/.test(busy)) return 'not handed out';
  return [basename(first.name.split(' ')[0] ?? ''), first.user && `(${first.user})`].filter(Boolean).join(' ');
}
