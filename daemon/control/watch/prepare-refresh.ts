import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { posix } from 'node:path';
import { fail, messageOf, ok, type Result } from '../../../shared/result.ts';
import { formatSize } from '../../../shared/units.ts';
import { treeMount, watchFiles } from '../../providers/supervisor-script.ts';
import { type BytePath, bytePath, readable, toBytes } from '../../snapshots/bytes.ts';
import { TooBig, type TreeFile } from '../../snapshots/tree-files.ts';
import type { RerunRecord } from '../../store/records.ts';
import { snapshotPlace } from '../../users/namespace.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { depsToMount, insideJob } from '../container-spec.ts';
import type { ControlParts } from '../parts.ts';
import { lookAtWorkspace, TooMuch } from './look-at-workspace.ts';
import { planRefresh } from './plan-refresh.ts';
import { refreshScript } from './refresh-script.ts';

/** So many files that differ from what its container began with are not brought into it one by one: it gets a fresh one. */
const mostChanges = 2_000;
/** Nor more than this of them (bytes): this process holds them in memory meanwhile. */
const mostBytes = 64_000_000;

/**
 * Puts what the container's workspace lacks to have exactly the files of this attempt, and the script that brings them there, where the supervisor finds them. Fails with
 * `fresh`, and why, where it takes a fresh container. Idempotent; nothing of an attempt runs in the container meanwhile.
 */
export async function prepareRefresh(parts: ControlParts, attempt: Attempt, { number, tree }: RerunRecord): Promise<Result<void>> {
  const { run, live } = attempt;
  const place = snapshotPlace(run);
  const began = run.spec.snapshot.tree;
  const stage = parts.states.stageOf(attempt.id);
  try {
    const lower = await parts.snapshots.materialize(place, began);
    if (!lower.ok) return fail('fresh', lower.failure.message, null);
    const made = live.workspace ?? (await parts.snapshots.prepareWorkspace(place, began, attempt.id, true));
    const workspace = 'ok' in made ? (made.ok ? made.value : null) : made;
    if (workspace?.mount.type !== 'overlay') return fail('fresh', 'its workspace is a copy of the files', null);
    const changes = await parts.snapshots.changedFiles(place, began, tree);
    if (changes.length > mostChanges) return fail('fresh', `${changes.length} files changed`, null);
    const mounted = mountedIn(attempt);
    const inTheWay = changes.find(({ path, to }) => to && mounted.some((point) => point.startsWith(`${path}/`)));
    if (inTheWay) return fail('fresh', `${readable(inTheWay.path)} is a file now`, null);
    const contents = live.watch?.contents ?? new Map();
    const seen = lookAtWorkspace({ upper: workspace.mount.upper, lower: lower.value }, changes, contents);
    const { workingDir } = specOf(attempt);
    const plan = planRefresh({
      changes,
      ...seen,
      mounted,
      workingDir: bytePath(posix.normalize(workingDir)).replace(/^\.$|\/$/, ''),
    });
    const folder = join(stage, String(number));
    await rm(folder, { recursive: true, force: true });
    const script = refreshScript(plan, { workspace: '/workflow', lower: treeMount, fresh: `${watchFiles.stage}/${number}/files` });
    if (script) {
      const to = new Map(changes.map((change) => [change.path, change.to]));
      const wanted = [...plan.copy].flatMap(([path, from]) => {
        const file = from === 'new' ? to.get(path) : null;
        return file ? [{ path, file }] : [];
      });
      await stageFiles(parts, place, `${folder}.part`, wanted, script);
      await rename(`${folder}.part`, folder);
    }
    for (const old of await readdir(stage)) if (old !== String(number)) await rm(join(stage, old), { recursive: true, force: true });
    return ok(undefined);
  } catch (error) {
    if (error instanceof TooMuch) return fail('fresh', 'the last attempts left too many files', null);
    if (error instanceof TooBig) return fail('fresh', `more than ${formatSize(mostBytes)} changed`, null);
    // what the job made is beyond this process, mostly
    return fail('fresh', `what the last attempts left cannot be sorted out (${messageOf(error)})`, null);
  }
}

async function stageFiles(
  parts: Pick<ControlParts, 'snapshots'>,
  place: Parameters<ControlParts['snapshots']['readContents']>[0],
  folder: string,
  wanted: readonly { path: BytePath; file: TreeFile }[],
  script: Buffer,
): Promise<void> {
  const contents = await parts.snapshots.readContents(place, [...new Set(wanted.map(({ file }) => file.id))], mostBytes);
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'files'), { recursive: true });
  const root = Buffer.from(`${join(folder, 'files')}/`);
  const folders = new Set(wanted.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/')))));
  for (const each of folders) if (each !== '') await mkdir(Buffer.concat([root, toBytes(each)]), { recursive: true });
  for (const { path, file } of wanted) {
    const content = contents.get(file.id);
    if (!content) throw new Error(`the object ${file.id} is not in the repository`);
    const at = Buffer.concat([root, toBytes(path)]);
    if (file.kind === 'link') {
      await symlink(content, at);
    } else {
      await writeFile(at, content);
      // as everything in a workspace: the user of an image is not known here
      await chmod(at, file.kind === 'program' ? 0o777 : 0o666);
    }
  }
  await writeFile(join(folder, 'refresh'), script);
}

/** Paths in the workspace at which something else is mounted. */
function mountedIn(attempt: Attempt): BytePath[] {
  const { artifacts, workingDir, mounts } = specOf(attempt);
  const own = artifacts.map((artifact) => artifact.path);
  const all = [...own, ...depsToMount(attempt.run.spec.deps, own).map((dep) => dep.path), ...mounts.map((mount) => mount.target)];
  return all
    .map((path) => insideJob(workingDir, path).replace(/\/$/, ''))
    .flatMap((path) => (path.startsWith('/workflow/') ? [bytePath(path.slice('/workflow/'.length))] : []));
}
