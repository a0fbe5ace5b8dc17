/** What a run needs of the engine. Pure: facts in, a check out. */
import type { Check } from '../../shared/api.ts';
import { messageOf } from '../../shared/result.ts';
import { EngineError } from '../engine/engine.ts';
import type { EngineInfo } from '../engine/engine.ts';
import type { FileSystem } from '../hosts/filesystem.ts';
import { atLeast, fine, problem, warning } from './check.ts';

/** What became of asking the engine, or of a trial with it. `unknown`: there was no image to try with. */
export type Answer<T> = { kind: 'answered'; value: T } | { kind: 'failed'; error: unknown } | { kind: 'unknown' };

const install = 'sudo apt-get install -y docker.io && sudo systemctl enable --now docker';
const pull = (image: string): string => `docker pull ${image}`;
const look = 'sudo journalctl -u docker -n 50';

export function checkEngine(endpoint: string, info: Answer<EngineInfo>): Check {
  const name = 'engine';
  if (info.kind !== 'answered') {
    const error = info.kind === 'failed' ? info.error : null;
    if (error instanceof EngineError && error.kind === 'denied') {
      return problem(
        name,
        `You may not use the Docker Engine at ${endpoint}.`,
        'sudo usermod -aG docker $USER, then log out and in (this is as good as root on this machine)',
      );
    }
    if (error instanceof EngineError && error.kind === 'unreachable')
      return problem(name, `No Docker Engine answers at ${endpoint}.`, install);
    return problem(name, `The Docker Engine at ${endpoint} has a problem: ${messageOf(error)}`, look);
  }
  const { version, operatingSystem } = info.value;
  // a version without a number is one that somebody built: not for us to judge
  if (/\d+\.\d+/.test(version) && !atLeast(version, 20, 10)) {
    return problem(
      name,
      `Docker Engine ${version} is too old: 20.10 or newer is needed.`,
      'sudo apt-get update && sudo apt-get install -y docker.io',
    );
  }
  return fine(name, `Docker Engine ${version} on ${operatingSystem}, at ${endpoint}`);
}

/** Only for a rootless engine; null: nothing to say. */
export function checkRootless(info: EngineInfo): Check | null {
  if (!info.rootless) return null;
  const message = 'The engine is rootless: workspaces are copied instead of mounted, and limits need delegated cgroups.';
  return warning('rootless', message, 'unset DOCKER_HOST  # to use the engine of the system, if there is one');
}

/** A trial container with a limit of memory: what it printed of its own limit. */
export interface Trial {
  exitCode: number;
  output: string;
  limit: number;
}

export function checkContainers(trial: Answer<Trial>, image: string): Check {
  const name = 'containers';
  if (trial.kind === 'unknown')
    return warning(name, `Whether containers can be run is not known: it is tried with ${image}, which is not here.`, pull(image));
  if (trial.kind === 'failed') return problem(name, `A container cannot be run: ${messageOf(trial.error)}`, look);
  const { exitCode, output } = trial.value;
  if (exitCode !== 0) return problem(name, `A container ended with exit code ${exitCode}: ${output.trim().split('\n').at(-1) ?? ''}`, look);
  return fine(name, 'Containers can be run.');
}

/** null: the trial did not run, which checkContainers says. */
export function checkMemoryLimits(trial: Answer<Trial>): Check | null {
  if (trial.kind !== 'answered' || trial.value.exitCode !== 0) return null;
  if (trial.value.output.split(/\s+/).includes(String(trial.value.limit))) return fine('memory limits', 'Memory limits work.');
  const fix =
    `echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX cgroup_enable=memory swapaccount=1"' | sudo tee /etc/default/grub.d/memory.cfg` +
    ' && sudo update-grub && sudo reboot';
  return warning('memory limits', 'The engine ignores limits of memory: `memory` of a workflow has no effect.', fix);
}

export function checkWorkspaces(home: string, fileSystem: FileSystem, overlay: Answer<boolean>, image: string): Check {
  const name = 'workspaces';
  const copied = 'workspaces are copies, which take time and space with every run';
  const bad = /[:,\\]/.exec(home)?.[0];
  if (bad !== undefined)
    return warning(
      name,
      `The path ${home} has a \`${bad}\`: ${copied}.`,
      'export DSTACK_HOME=$HOME/.dstack  # or another path without : , and \\',
    );
  if (overlay.kind === 'unknown')
    return warning(name, `Whether workspaces can be overlays is not known: it is tried with ${image}, which is not here.`, pull(image));
  if (overlay.kind === 'failed') return warning(name, `Whether workspaces can be overlays is not known: ${messageOf(overlay.error)}`, look);
  if (overlay.value) return fine(name, 'Workspaces are overlays.');
  return warning(
    name,
    `The engine cannot make overlays in ${home} (${fileSystem.type}): ${copied}.`,
    'export DSTACK_HOME=/var/tmp/dstack-$USER  # or another folder on ext4, xfs or btrfs',
  );
}

export function checkBaseImage(version: string, image: string, present: Answer<boolean>): Check {
  if (present.kind === 'answered' && present.value) return fine('base image', `${image} (Python ${version}) is here.`);
  return warning('base image', `${image}, for Python ${version}, is not here yet: the first run pulls it.`, pull(image));
}
