/** `ps RUN`: what a run was, in full. What has nothing to say is left out. */
import type { RunDetail } from '../shared/api.ts';
import { formatDuration, formatSize } from '../shared/units.ts';
import type { Resources } from '../shared/workflow/model.ts';
import { quoteArgs } from '../shared/workflow/quote.ts';
import { statusStyle, statusWord } from './run-table.ts';
import type { Output } from './terminal/output.ts';
import { oneLine, printable } from './terminal/text.ts';
import { ago, duration, moment } from './terminal/time.ts';

/** The run as lines `Name      value`; `now` in milliseconds. */
export function runStory(run: RunDetail, out: Output, now: number): string[] {
  const facts: [name: string, value: string | string[] | null][] = [
    ['Run', run.name],
    ['Status', out.style(statusStyle[run.status], statusWord(run.status)) + (run.exitCode === null ? '' : ` (exit code ${run.exitCode})`)],
    ['Reason', run.reason],
    ['Workflow', run.workflow === null ? null : run.workflow],
    ['Provider', run.provider],
    ['Project', `${run.project} (${run.projectDir})`],
    ['Owner', run.user],
    ['Tags', run.tags.join(', ')],
    ['Restart of', run.restartOf],
    ['Submitted', when(run.submittedAt, now)],
    ['Started', run.startedAt === null ? null : when(run.startedAt, now)],
    ['Finished', run.finishedAt === null ? null : when(run.finishedAt, now)],
    ['Ran', ran(run, now)],
    ['Attempt', run.attempt > 1 ? String(run.attempt) : null],
    ['Host', run.host],
    ['GPUs', run.gpus],
    ['Driver', run.driver],
    ['Resources', resources(run.resources)],
    ['Time limit', run.maxDuration === null ? null : formatDuration(run.maxDuration)],
    ['Image', run.image],
    ['Digest', run.imageDigest],
    ['Environment', run.environmentKey],
    ['Commit', commit(run.snapshot)],
    ['Tree', run.snapshot.tree],
    [
      'Deps',
      run.deps.map(
        (dep) => `${dep.kind === 'tag' ? ':' : ''}${dep.project === run.project ? '' : `${dep.project}/`}${dep.name} = ${dep.run}`,
      ),
    ],
    ['Artifacts', run.artifacts],
    ['Mounts', run.mounts],
    ['Ports', run.ports.map((port) => `${port.name} ${port.url}`)],
    ['Arguments', quoteArgs(run.args)],
    ['Commands', run.commands.flatMap((text) => text.split('\n'))],
    ['Variables', Object.entries(run.env).map(([name, value]) => `${name}=${value}`)],
  ];
  const column = 13;
  return facts.flatMap(([name, value]) => {
    const values = (Array.isArray(value) ? value : [value ?? '']).filter((text) => text !== '');
    return values.map(
      (text, i) =>
        out.style('bold', (i === 0 ? name : '').padEnd(column)) +
        (name === 'Status' ? text : name === 'Commands' ? printable(text) : oneLine(text)),
    );
  });
}

const when = (iso: string, now: number): string => `${moment(iso)} (${ago(Date.parse(iso), now)})`;

function ran(run: RunDetail, now: number): string | null {
  if (run.startedAt === null) return null;
  const end = run.finishedAt === null ? now : Date.parse(run.finishedAt);
  return duration((end - Date.parse(run.startedAt)) / 1000);
}

function resources({ cpu, memory, shmSize, gpu, interruptible }: Resources): string {
  const parts: string[] = [];
  if (cpu !== null) parts.push(`${cpu} CPU`);
  if (memory !== null) parts.push(`${formatSize(memory)} memory`);
  if (shmSize !== null) parts.push(`${formatSize(shmSize)} shared memory`);
  if (gpu !== null)
    parts.push(`${gpu.count} GPU${gpu.name === null ? '' : ` ${gpu.name}`}${gpu.memory === null ? '' : ` of ${formatSize(gpu.memory)}`}`);
  if (interruptible) parts.push('interruptible');
  return parts.join(', ');
}

function commit({ commit: id, branch, dirty }: RunDetail['snapshot']): string | null {
  if (id === null) return null;
  return id.slice(0, 12) + (branch === null ? '' : ` on ${branch}`) + (dirty ? ', with changes' : '');
}
