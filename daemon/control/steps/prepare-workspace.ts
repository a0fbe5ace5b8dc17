import type { Executor } from './executor.ts';
import { refersToVariables } from '../../providers/script.ts';
import { specOf } from '../attempt.ts';
import { specWithSecrets, takenLiterally } from '../secrets.ts';
import { endWith } from './end-with.ts';

/** The tree as a directory, the writable copy of it, the artifact folders and the state folder. */
export const prepareWorkspace: Executor = async ({ parts, attempt, changed }) => {
  const { run, job, live } = attempt;
  const spec = specOf(attempt);
  live.doing = 'preparing the workspace';
  changed();
  try {
    const workspace = await parts.snapshots.prepareWorkspace(run.projectDir, run.spec.snapshot.tree, attempt.id, parts.overlay.allowed());
    if (!workspace.ok) return endWith(parts, attempt, 'workspace', workspace.failure.message);
    const deps = run.spec.deps.flatMap((dep) =>
      dep.artifacts.map((a) => ({ path: a.path, folder: parts.artifacts.folder(dep.runId, a.job, a.key) })),
    );
    const artifacts = await parts.artifacts.prepare(
      run.id,
      job.job,
      spec.artifacts.map((a, i) => ({ key: String(i), from: deps.find((dep) => dep.path === a.path)?.folder ?? null })),
    );
    if (!artifacts.ok) return endWith(parts, attempt, 'workspace', artifacts.failure.message);
    const filled = specWithSecrets(parts, attempt);
    if (!filled.ok) return endWith(parts, attempt, 'start', filled.failure.message);
    const { start, env } = filled.value.spec;
    const exports = Object.entries(env).filter(([name]) => {
      const template = spec.env[name] ?? '';
      return refersToVariables(template) && !takenLiterally(template);
    });
    const script = start.kind === 'script' ? { commands: start.commands, exports } : null;
    await parts.states.prepare(attempt.id, script, await parts.certificates());
    live.workspace = workspace.value;
  } finally {
    live.doing = null;
  }
};
