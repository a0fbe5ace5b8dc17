/** What to do about a run that ended otherwise than it should: for whoever sat before it. */
import type { Run } from '../../shared/api.ts';

type EndedRun = Pick<Run, 'name' | 'status' | 'reason' | 'exitCode' | 'nodes' | 'watch'>;

/** The image in the reason of `steps/pull-image.ts`. */
const pulled = /cannot pull the image (\S+):(?: |$)/;

/** By what stands in the reason, the first that fits. */
const steps: readonly [pattern: RegExp, step: (run: EndedRun) => string][] = [
  [/out of memory/, ({ name }) => `What it used: dstack stats ${name}. More of it: --memory, or \`resources\``],
  [/max_duration/, ({ name }) => `What it saved is kept: dstack artifacts list ${name}. More time: --max-duration`],
  [/idle_timeout|was idle/, ({ name }) => `What it used: dstack stats ${name}. A longer time: --idle-timeout`],
  [/no space left|disk is full|disk of/, () => 'What takes the disk: dstack df. Freeing it: dstack gc'],
  [
    /cannot pull the image|no such image/,
    ({ reason }) => `Try it by hand: docker pull ${pulled.exec(reason ?? '')?.[1] ?? 'IMAGE'}. With a login: \`registry_auth\``,
  ],
  [
    /environment could not be built|cannot build the environment/,
    ({ name }) => `Its output: dstack logs ${name}. Building it alone: dstack env build WORKFLOW`,
  ],
  [/^port \d+/, () => 'Let dstack choose one (`ports: 1`), or name another'],
  [/restarted while it ran/, ({ name }) => `Once more: dstack restart ${name}. By itself the next time: --retry 1`],
  [/exit code|SIGKILL/, ({ name }) => `Its output: dstack logs ${name}. The same once more: dstack restart ${name}`],
];

/** One sentence; null: its reason is followed by more anyway, or nothing is wrong. */
export function nextStep(run: EndedRun): string | null {
  const { name, status, reason, exitCode, nodes, watch } = run;
  // whoever ends one meant to
  if (watch) return null;
  if (status === 'stopped' || status === 'aborted') return `The same once more: dstack restart ${name}`;
  if (status !== 'failed' || (nodes ?? 1) > 1) return null;
  const why = reason ?? (exitCode === null ? '' : `exit code ${exitCode}`);
  const found = steps.find(([pattern]) => pattern.test(why));
  return found ? found[1](run) : `What it was: dstack ps ${name}. Whether the machine is well: dstack doctor`;
}
