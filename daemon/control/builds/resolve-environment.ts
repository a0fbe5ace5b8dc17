import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unwrap } from '../../../shared/result.ts';
import type { Files } from '../../environments/requirements.ts';
import { stagesOf, type Stage } from '../../environments/stages.ts';
import { enterScript } from '../../providers/script.ts';
import { resolveInside } from '../../snapshots/inside.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import { specOf, type Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';
import { openRecording } from '../steps/recording.ts';
import { writeOver } from '../untrusted-file.ts';

/**
 * Finds the image with what the job's environment adds to its own. At the end the job's state folder has the lines that its script begins with. What is missing of it is
 * returned: the first stage to build, and the id of the image to build it upon.
 */
export async function resolveEnvironment(parts: ControlParts, attempt: Attempt): Promise<{ stage: Stage; image: string } | null> {
  const { live, job } = attempt;
  if (!live.image) return null;
  const lines: string[] = [];
  const keys: string[] = [];
  let image = live.image.id;
  const all = await stages(parts, attempt);
  const known = await Promise.all(
    all.map(async ({ key, inJob }) => (inJob !== null || parts.environments.building.has(key) ? null : parts.environments.find(key))),
  );
  for (const [i, stage] of all.entries()) {
    const facts = known[i];
    if (stage.inJob === null && !facts) return { stage, image };
    lines.push(...(facts && facts.again === null ? [facts.restore] : stage.commands.map(({ run }) => run)));
    if (!facts) continue;
    image = facts.image;
    keys.push(stage.key);
  }
  // what the builds printed stands before what the job will print
  if (job.progress.startIntent === null) await openRecording(parts, attempt).setApart();
  const text = lines.join('\n').trim();
  const folder = parts.states.pathOf(attempt.id);
  await writeOver(join(folder, 'environment'), `${text}\n`, 0o755);
  if (specOf(attempt).start.kind === 'image') await writeOver(join(folder, 'enter'), enterScript, 0o755);
  job.progress.environments = keys;
  parts.store.transaction(() => {
    parts.store.jobs.update(job);
    parts.environments.touch(keys);
  });
  live.environment = { image, key: keys.at(-1) ?? null, enters: text !== '' };
  return null;
}

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
    read(path) {
      const file = inside(path);
      try {
        return file === null ? null : readFileSync(file, 'utf8');
      } catch {
        // a folder
        return null;
      }
    },
  };
}
