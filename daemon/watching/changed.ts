/**
 * What a change of a project's files means to a watch of it: nothing, another attempt in the same container, one in a fresh container, or a word to its user. The files' content decides.
 */
import { unwrap, type Failure } from '../../shared/result.ts';
import { quoteArgs } from '../../shared/workflow/quote.ts';
import type { Control } from '../control/control.ts';
import type { ControlParts } from '../control/parts.ts';
import { fillIn } from '../control/secrets.ts';
import { openProject } from '../control/submit/project-files.ts';
import { resolveRun } from '../control/submit/resolve-run.ts';
import { newToken } from '../control/submit/run-token.ts';
import type { RunSpec } from '../providers/job-spec.ts';
import { type BytePath, readable } from '../snapshots/bytes.ts';
import type { Snapshot } from '../snapshots/snapshots.ts';
import type { RunRecord } from '../store/records.ts';
import { isTold, type Caller } from '../users/caller.ts';
import { snapshotPlace } from '../users/namespace.ts';
import { counted, writtenByRun } from './counted.ts';
import { hasEnvironment, installedFrom, isWorkflowFile } from './decisive.ts';
import { differences } from './differences.ts';
import type { Notices } from './notices.ts';

export interface ChangedParts {
  parts: ControlParts;
  control: Control;
  notices: Notices;
}

export interface Change {
  run: RunRecord;
  /** whose the run is */
  caller: Caller;
  snapshot: Pick<Snapshot, 'tree' | 'commit' | 'branch' | 'dirty'> & { before?: string; changed?: BytePath[] };
  /** ms since 1970; null: nothing was seen */
  seenAt: number | null;
  /** somebody asked for it: it comes, whatever has changed */
  asked: boolean;
}

/** What became of it: the attempt's number; null: there is none, for nothing that counts has changed; or why there cannot be one, which is told as the watch's notice too. */
export type Consequence = { attempt: number | null } | { failure: Failure };

/** See the docblock above. */
export async function changed({ parts, control, notices }: ChangedParts, change: Change): Promise<Consequence> {
  const { run, snapshot, seenAt, asked } = change;
  const [newest] = parts.store.reruns.newest(run.id, 1);
  if (!newest || run.intent) return { attempt: null };
  const { tree } = snapshot;
  const current = newest.spec ?? run.spec;
  if (tree === newest.tree && !asked) {
    notices.fault(run.id, null);
    return { attempt: null };
  }
  const place = snapshotPlace(run);
  const known = snapshot.before === newest.tree ? snapshot.changed : undefined;
  const paths = known ?? (await parts.snapshots.changedPaths(place, newest.tree, tree));
  const faulty = notices.isFaulty(run.id);
  const counting =
    asked || !current.watch ? paths : await counted(parts.snapshots, place, current.watch, writtenByRun(run.projectDir, current), paths);
  const workflowFiles = paths.filter(isWorkflowFile);
  // what the workflow is counts whatever the paths say, and a fault in it; another one in the same file does not
  if (counting.length === 0 && !asked && workflowFiles.length === 0) return { attempt: null };

  const installs = await installed({ parts }, change, current, paths);
  let fresh = installs === null ? null : `${readable(installs)} changed`;
  let spec: RunSpec | null = null;
  if (faulty || installs !== null || workflowFiles.length > 0) {
    const again = await resolveAgain({ parts, control }, change, current);
    if ('failure' in again) {
      notices.fault(run.id, again.failure);
      return again;
    }
    const others = differences(current, again.spec);
    if (others.length > 0) {
      spec = again.spec;
      fresh ??= `the workflow changed (${others.join(', ')})`;
    }
  }
  notices.fault(run.id, null);
  if (counting.length === 0 && !asked && spec === null) return { attempt: null };
  const shown = [...new Set([...counting, ...(spec === null ? [] : workflowFiles)])].map(readable);
  const attempt = control.requestRerun(run.id, {
    ...{ tree, cause: asked ? 'asked' : 'change', changed: shown, changes: shown.length },
    ...{ seenAt, fresh, spec },
  });
  return { attempt };
}

async function installed(
  { parts }: Pick<ChangedParts, 'parts'>,
  { run, caller, snapshot }: Change,
  spec: RunSpec,
  paths: BytePath[],
): Promise<BytePath | null> {
  if (!hasEnvironment(spec) || paths.length === 0) return null;
  const dir = isTold(caller) ? unwrap(await parts.snapshots.materialize(snapshotPlace(run), snapshot.tree)) : run.projectDir;
  return installedFrom(dir, spec, paths);
}

/** The workflow as its file says now. What was fixed at the beginning stays: the run's name, its deps, its place. */
async function resolveAgain(
  { parts, control }: Pick<ChangedParts, 'parts' | 'control'>,
  { run, caller, snapshot }: Change,
  current: RunSpec,
): Promise<{ spec: RunSpec } | { failure: Failure }> {
  const { projectDir } = run;
  const request = { ...(current.watch?.request ?? run.spec.watch?.request), projectDir };
  const { target, overrides, args, env } = request;
  if (target === undefined || overrides === undefined || args === undefined) return { spec: current };
  const { tree, commit, branch, dirty } = snapshot;
  const sent = { tree, commit, branch, dirty };
  const opened = await openProject(parts, caller, { projectDir, snapshot: sent }, { ...sent, files: 0, bytes: 0, warnings: [] });
  if (!opened.ok) return opened;
  const resolved = await resolveRun(
    { parts, control, caller },
    { projectDir, target, overrides, args, ...(env ? { env } : {}) },
    opened.value,
    run.project,
    { known: current.deps },
  );
  if (!resolved.ok) return resolved;
  const { spec } = resolved.value;
  const jobs = fillIn(spec.templates, { run: { name: run.name, args: quoteArgs(spec.args) } });
  if (!jobs.ok) return jobs;
  const { pinnedImage, restartOf, terminal, token } = current;
  return {
    spec: {
      ...spec,
      ...{ jobs: jobs.value, restartOf, terminal, token: token ?? newToken(parts.secretBox, run.name, jobs.value) },
      pinnedImage: spec.templates[0]?.image === current.templates[0]?.image ? pinnedImage : null,
      ...(run.spec.elsewhere ? { elsewhere: true } : {}),
    },
  };
}
