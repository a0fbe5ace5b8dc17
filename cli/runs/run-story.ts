/** `ps RUN`: what a run was, in full. What has nothing to say is left out. */
import type { AttemptInfo, RunDetail } from '../../shared/api.ts';
import { isEnded } from '../../shared/states.ts';
import { formatDuration, formatSize } from '../../shared/units.ts';
import { quoteArgs } from '../../shared/workflow/quote.ts';
import { gpuName } from '../gpu-name.ts';
import { statusStyle, statusWord } from './run-table.ts';
import type { Output } from '../terminal/output.ts';
import { oneLine, printable, wrap } from '../terminal/text.ts';
import { ago, duration, moment } from '../terminal/time.ts';
import { watchAttempts, watchedBy } from '../watch/attempts.ts';

const prose = new Set(['Reason', 'Waits for', 'Candidates', 'Watched', 'Attempts']);

/** The run as lines `Name      value`; `now` in milliseconds. `culpritLog`: the last lines of the node for whose failure it ended. */
export function runStory(run: RunDetail, out: Output, now: number, culpritLog: string[] = []): string[] {
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
    ['Wants', run.wants],
    ['Priority', run.priority === 0 ? null : String(run.priority)],
    ['In line', run.position === null ? null : `number ${run.position}`],
    ['Waits for', run.waiting?.holders.map((holder) => `${holder.what}: ${holder.run} (${holder.user})`) ?? null],
    ['Candidates', run.waiting?.candidates.map(({ host, why }) => `${host}: ${why}`) ?? null],
    ['Nodes', nodeLines(run)],
    [`Log of ${run.culprit ?? 0}`, culpritLog],
    ['Watched', run.watch && !isEnded(run.status) ? watchedBy(run.watch) : null],
    ['Attempts', run.watch ? watchAttempts(run, now) : attemptsOf(run).length > 1 ? attemptsOf(run).map((one) => attemptLine(one)) : null],
    ['Retries', run.retry === 0 ? null : `${run.retry}`],
    ['Host', run.host],
    ['GPUs', run.gpus.map((uuid, i) => gpuName(uuid, run.gpuNumbers[i] ?? null))],
    ['Driver', run.driver],
    ['Limits', limits(run)],
    ['Time limit', run.maxDuration === null ? null : formatDuration(run.maxDuration)],
    ['Idle limit', run.idleTimeout === null ? null : formatDuration(run.idleTimeout)],
    ['Unused limit', run.inactivityDuration === null ? null : formatDuration(run.inactivityDuration)],
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
    ['URLs', run.urls.map((port) => `${port.name} ${port.url}`)],
    ['Arguments', quoteArgs(run.args)],
    ['Commands', run.commands.flatMap((text) => text.split('\n'))],
    ['Variables', Object.entries(run.env).map(([name, value]) => `${name}=${value}`)],
  ];
  const column = 13;
  // sentences are broken between their words; what may be copied from here stays in one piece
  const columns = out.columns();
  const room = columns === null || columns < 3 * column ? null : columns - column;
  const shown = (name: string, text: string): string =>
    prose.has(name) ? wrap(oneLine(text), room).replaceAll('\n', `\n${' '.repeat(column)}`) : oneLine(text);
  return facts.flatMap(([name, value]) => {
    const values = (Array.isArray(value) ? value : [value ?? '']).filter((text) => text !== '');
    return values.map(
      (text, i) =>
        out.style('bold', (i === 0 ? name : '').padEnd(column)) +
        (name === 'Status' ? text : name === 'Commands' || value === culpritLog ? printable(text) : shown(name, text)),
    );
  });
}

const when = (iso: string, now: number): string => `${moment(iso)} (${ago(Date.parse(iso), now)})`;

function ran(run: RunDetail, now: number): string | null {
  if (run.startedAt === null) return null;
  const end = run.finishedAt === null ? now : Date.parse(run.finishedAt);
  return duration((end - Date.parse(run.startedAt)) / 1000);
}

/** Each attempt once: of several nodes the master's, with what became of all. */
const attemptsOf = (run: RunDetail): AttemptInfo[] =>
  run.attempts
    .filter(({ job }) => job === 0)
    .map((one) =>
      (run.culprit ?? null) !== null && one.attempt === run.attempt ? { ...one, status: run.status, reason: run.reason } : one,
    );

/** What became of each of several nodes: `1 failed on local after 3 min: exit code 3`. */
function nodeLines(run: RunDetail): string[] | null {
  if ((run.nodes ?? 1) === 1) return null;
  const latest = run.attempts.filter(({ attempt }) => attempt === run.attempt).toSorted((a, b) => a.job - b.job);
  return latest.map((node) => {
    const waits = node.finishedAt !== null && ['preparing', 'running', 'stopping'].includes(node.status);
    const ended = waits ? ` (ended with ${node.exitCode === null ? 'no exit code' : `exit code ${node.exitCode}`}, the others go on)` : '';
    const text = attemptLine({ ...node, attempt: node.job }).replace(/^\d+ /, '');
    return `${node.job}${node.job === 0 ? ' (master)' : ''} ${text}${ended}`;
  });
}

/** What `Wants` does not say. */
function limits({ resources, interruptible }: RunDetail): string {
  return [
    ...(resources.shmSize === null ? [] : [`${formatSize(resources.shmSize)} shared memory`]),
    ...(interruptible ? ['interruptible'] : []),
  ].join(', ');
}

/** `1 interrupted on local after 3 min: made room for red-fox-1`; one that failed says so, whether or not another followed. */
function attemptLine({ attempt, status, cause, host, reason, startedAt, finishedAt }: AttemptInfo): string {
  const took =
    startedAt === null || finishedAt === null ? '' : ` after ${duration((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000)}`;
  return `${attempt} ${cause === 'failed' ? cause : status}${host === null ? '' : ` on ${host}`}${took}${reason === null ? '' : `: ${reason}`}`;
}

function commit({ commit: id, branch, dirty }: RunDetail['snapshot']): string | null {
  if (id === null) return null;
  return id.slice(0, 12) + (branch === null ? '' : ` on ${branch}`) + (dirty ? ', with changes' : '');
}
