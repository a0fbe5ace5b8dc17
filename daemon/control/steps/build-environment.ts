import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unwrap } from '../../../shared/result.ts';
import type { Files } from '../../environments/requirements.ts';
import { stagesOf, type Stage } from '../../environments/stages.ts';
import { enterScript } from '../../providers/script.ts';
import { resolveInside } from '../../snapshots/inside.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { buildStage } from '../build-stage.ts';
import type { ControlParts } from '../parts.ts';
import { writeOver } from '../untrusted-file.ts';
import type { Executor } from './executor.ts';
import { openRecording } from './recording.ts';

/**
 * Finds the image with what the job's environment adds to its own, or builds it: stage after stage, one for each time that it is looked at (docblock of stages.ts). At the end the
 * job's state folder has the lines that its script begins with.
 */
export const buildEnvironment: Executor = async ({ parts, attempt, changed }) => {
  const { live, job } = attempt;
  if (!live.image || !live.workspace) return;
  const lines: string[] = [];
  const keys: string[] = [];
  let image = live.image.id;
  for (const stage of await stages(parts, attempt)) {
    if (stage.inJob !== null) {
      lines.push(...stage.commands.map(({ run }) => run));
      continue;
    }
    const known = parts.environments.building.has(stage.key) ? null : await parts.environments.find(stage.key);
    if (!known) return buildStage(parts, attempt, stage, image, changed);
    lines.push(...(known.again === null ? [known.restore] : stage.commands.map(({ run }) => run)));
    image = known.image;
    keys.push(stage.key);
  }
  // what the builds printed stands before what the job will print
  if (job.progress.startIntent === null) await openRecording(parts, attempt).setApart();
  const text = lines.join('\n').trim();
  const folder = parts.states.pathOf(attempt.id);
  await writeOver(join(folder, 'environment'), `${text}\n`, 0o755);
  await writeOver(join(folder, 'enter'), enterScript, 0o755);
  job.progress.environments = keys;
  parts.store.jobs.update(job);
  parts.environments.touch(keys);
  live.environment = { image, key: keys.at(-1) ?? null, enters: text !== '' };
};

/** The stages of an attempt's environment, by the files of its tree. */
async function stages(parts: ControlParts, attempt: Attempt): Promise<Stage[]> {
  const { run, job, live } = attempt;
  const spec = specOf(attempt);
  if (!spec.environment || !live.image) return [];
  const place = snapshotPlace(run);
  const { tree } = run.spec.snapshot;
  const dir = unwrap(await parts.snapshots.materialize(place, tree));
  return stagesOf({
    spec: spec.environment,
    template: run.spec.templates[job.job]?.environment ?? spec.environment,
    image: live.image.id,
    workingDir: spec.workingDir,
    env: spec.env,
    files: filesIn(dir),
    idOf: (path) => parts.snapshots.idOf(place, tree, path),
    installation: parts.installation,
    owner: run.owner?.uid ?? null,
  });
}

/** A tree is its user's, its links too: none is followed out of it. */
function filesIn(dir: string): Files {
  const inside = (path: string): string | null => (path.startsWith('..') ? null : resolveInside(dir, path));
  return {
    has: (path) => inside(path) !== null,
    read: (path) => {
      const file = inside(path);
      if (file === null || !existsSync(file)) return null;
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return null;
      }
    },
  };
}
