import { createHash } from 'node:crypto';
import { basename, join, relative } from 'node:path';
import { unwrap } from '../../../shared/result.ts';
import { treeIn } from '../../environments/tree-files.ts';
import { stagesOf, type Stage } from '../../environments/stages.ts';
import { enterScript, sessionFile } from '../../providers/script.ts';
import { resolveInside } from '../../snapshots/inside.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { configMounts } from '../config-mounts.ts';
import { certificateVariables } from '../container-spec.ts';
import type { ControlParts } from '../parts.ts';
import { secretMarks } from '../secrets.ts';
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
  const restored: string[] = [];
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
    if (facts.again === null) restored.push(facts.restore);
    image = facts.image;
    keys.push(stage.key);
  }
  // what the builds printed stands before what the job will print
  if (job.progress.startIntent === null) await openRecording(parts, attempt).setApart();
  const text = lines.join('\n').trim();
  const folder = parts.states.pathOf(attempt.id);
  await writeOver(join(folder, 'environment'), `${text}\n`, 0o755);
  await writeOver(join(folder, basename(sessionFile)), `${restored.join('\n').trim()}\n`, 0o755);
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
    env: { ...parts.config.env, ...spec.env },
    others: { ...(await certificateMarks(parts)), ...unwrap(secretMarks(parts, run.project)) },
    deps: run.spec.deps.flatMap((dep) => dep.artifacts.map((a): [string, string] => [a.path, `${dep.runId}/${a.job}/${a.key}`])),
    writable: [...spec.mounts, ...configMounts(parts.config)].flatMap((mount) => (mount.readOnly ? [] : [mount.target])),
    files: treeIn(dir),
    async idOf(path) {
      // what a link leads to counts, and not where
      const file = resolveInside(dir, path);
      return file === null ? null : parts.snapshots.idOf(place, tree, relative(dir, file));
    },
    installation: parts.installation,
    owner: run.owner?.uid ?? null,
  });
}

/** The certificates that every container gets, by the names under which commands find them. PIP_CERT is left out: pip reads it, and installs the same by it. */
async function certificateMarks(parts: ControlParts): Promise<Record<string, string>> {
  const certificates = await parts.certificates();
  if (certificates === null) return {};
  const mark = createHash('sha256').update(certificates).digest('hex');
  return Object.fromEntries(['ca.pem', ...certificateVariables.filter((name) => name !== 'PIP_CERT')].map((name) => [name, mark]));
}
