/**
 * The 2023 GPU trace as a pool and a load. Reading rules:
 * - run time = deletion − scheduled; tasks that were never scheduled have none and are left out;
 * - a fraction of a GPU (gpu_milli < 1000) counts as one GPU of its own, because GPUs are exclusive here;
 * - `gpu_spec` names the models a task accepts. A request has one name, a part of the product name: it is the task's own list in brackets,
 *   and each GPU's product name is its model followed by every such list that has the model in it;
 * - cores are counted in thousandths on both sides, so that sums of them stay exact;
 * - the best-effort class (BE) is what may be interruptible.
 */
import { join } from 'node:path';
import type { HostState } from '../../../daemon/scheduler/model.ts';
import { readCsv } from './csv.ts';
import type { Task } from './model.ts';

export const source =
  'Alibaba cluster-trace-gpu-v2023 ("Beware of Fragmentation", USENIX ATC 2023; CC-BY-4.0); a fraction of a GPU counts as one GPU';

export interface Trace {
  hosts: HostState[];
  /** by arrival, in ms since the trace's own zero */
  tasks: Task[];
  /** how many were never scheduled */
  unscheduled: number;
}

const MiB = 1024 ** 2;

export function readTrace(dir: string, interruptible: boolean): Trace {
  const pods = readCsv(join(dir, 'openb_pod_list_gpuspec33.csv'));
  const specs = [...new Set(pods.map((pod) => pod['gpu_spec']!))].filter((spec) => spec !== '');
  const hosts = readCsv(join(dir, 'openb_node_list_gpu_node.csv')).map((node): HostState => {
    const name = [node['model']!, ...specs.filter((spec) => spec.split('|').includes(node['model']!)).map((spec) => `[${spec}]`)].join(' ');
    return {
      name: node['sn']!,
      cpus: Number(node['cpu_milli']),
      memory: Number(node['memory_mib']) * MiB,
      gpus: Array.from({ length: Number(node['gpu']) }, (_, index) => {
        return { uuid: `${node['sn']}/${index}`, name, memory: null, busy: null, never: false };
      }),
      blocked: null,
    };
  });
  const scheduled = pods.filter((pod) => pod['scheduled_time'] !== '' && pod['deletion_time'] !== '');
  const tasks = scheduled.map((pod): Task => {
    const spec = pod['gpu_spec']!;
    const count = Number(pod['num_gpu']);
    const gpu = count === 0 ? null : { count, name: spec === '' ? null : `[${spec}]`, memory: null };
    return {
      id: pod['name']!,
      user: 'all',
      priority: 0,
      arrives: Number(pod['creation_time']) * 1000,
      runs: (Number(pod['deletion_time']) - Number(pod['scheduled_time'])) * 1000,
      bound: null,
      interruptible: interruptible && pod['qos'] === 'BE',
      jobs: [{ id: '0', cpu: Number(pod['cpu_milli']), memory: Number(pod['memory_mib']) * MiB, gpu }],
    };
  });
  return { hosts, tasks: tasks.toSorted((a, b) => a.arrives - b.arrives), unscheduled: pods.length - scheduled.length };
}
