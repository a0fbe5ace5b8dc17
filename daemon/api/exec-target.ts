import type { ExecStart } from '../../shared/api.ts';
import { fail, ok, unreachable, type Failure, type Result } from '../../shared/result.ts';
import { insideJob } from '../control/container-spec.ts';
import { latestAttempts } from '../control/run-status.ts';
import { takenLiterally } from '../control/secrets.ts';
import type { JobSpec } from '../providers/job-spec.ts';
import { refersToVariables } from '../providers/script.ts';
import type { Wish } from '../sessions/sessions.ts';
import type { RunRecord } from '../store/records.ts';
import type { ApiParts } from './handler.ts';
import { viewFor } from './view-for.ts';

export interface ExecTarget {
  container: string;
  host: string;
  wish: Wish;
}

/** Where a command is to run, and as what. Fails with `no_such_node`, `not_running` and `ended`. */
export function execTarget(api: ApiParts, run: RunRecord, { command, terminal, node = 0, dir, env }: ExecStart): Result<ExecTarget> {
  const spec = run.spec.jobs[node];
  if (!spec) {
    const last = run.spec.jobs.length - 1;
    return fail(
      'no_such_node',
      `The run '${run.name}' has no node ${node}`,
      last === 0 ? 'It has one, node 0' : `Its nodes are 0 to ${last}`,
    );
  }
  const job = latestAttempts(api.store.jobs.ofRun(run.id)).find((one) => one.job === node);
  if (!job || (job.state.status !== 'running' && job.state.status !== 'stopping')) return { ok: false, failure: whyNot(api, run) };
  return ok({
    container: api.control.container(job),
    host: job.state.host,
    wish: {
      command,
      terminal: terminal !== null,
      size: terminal,
      term: terminal?.term ?? '',
      dir: dir === undefined ? null : insideJob(spec.workingDir, dir),
      exports: exportsOf(spec),
      env: env ?? {},
    },
  });
}

/** The variables that a job's script sets: those whose values refer to others. None of them holds a secret. */
function exportsOf({ start, env }: JobSpec): [string, string][] {
  if (start.kind !== 'script') return [];
  return Object.entries(env).filter(([, template]) => refersToVariables(template) && !takenLiterally(template));
}

/** Why nothing can be run in it. */
export function whyNot(api: ApiParts, record: RunRecord): Failure {
  const run = viewFor(api, record);
  const because = run.reason === null ? '' : `: ${run.reason}`;
  switch (run.status) {
    case 'queued':
    case 'preparing':
    case 'interrupted':
    // its container is there no more, or about to be
    case 'running':
    case 'stopping':
      return {
        code: 'not_running',
        message: `The run '${run.name}' is not running now, it is ${run.status}${because}`,
        hint: `See it with: dstack ps ${run.name}`,
      };
    case 'done':
    case 'failed':
    case 'stopped':
    case 'aborted':
      return {
        code: 'ended',
        message: `The run '${run.name}' has ended, it is ${run.status}${because}`,
        hint: `What it printed: dstack logs ${run.name}; what it saved: dstack artifacts list ${run.name}`,
      };
    default:
      return unreachable(run.status);
  }
}
