/** What `doctor` can see without the daemon: why there is none. */
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Check } from '../../shared/api.ts';
import { codeOf } from '../talk/http.ts';
import type { Failure } from '../../shared/result.ts';

/** `failure`: what came of asking the daemon. `home`: null for that of another machine, where nothing can be seen from here. */
export function localChecks(home: string | null, env: NodeJS.ProcessEnv, failure: Failure): Check[] {
  const daemon: Check = { name: 'daemon', status: 'error', message: failure.message, fix: failure.hint ?? 'See `dstack daemon logs`.' };
  if (home === null)
    return [
      daemon,
      onPath(env, 'git', 'Install it: apt-get install git'),
      onPath(env, 'ssh', 'Install it: apt-get install openssh-client'),
    ];
  return [daemon, writable(home), onPath(env, 'git', 'Install it: apt-get install git'), engineSocket(env)];
}

function writable(home: string): Check {
  const name = 'home';
  try {
    accessSync(home, constants.W_OK | constants.X_OK);
    return { name, status: 'ok', message: `${home} is writable.`, fix: null };
  } catch (error) {
    return {
      name,
      status: 'error',
      message: `${home} cannot be written to (${codeOf(error)}).`,
      fix: 'Make it a folder of your own, or set DSTACK_HOME to another.',
    };
  }
}

function onPath(env: NodeJS.ProcessEnv, program: string, fix: string): Check {
  const found = (env['PATH'] ?? '').split(delimiter).find((dir) => dir !== '' && existsSync(join(dir, program)));
  return found === undefined
    ? { name: program, status: 'error', message: `There is no ${program} on the PATH.`, fix }
    : { name: program, status: 'ok', message: join(found, program), fix: null };
}

function engineSocket(env: NodeJS.ProcessEnv): Check {
  const name = 'engine';
  const host = env['DOCKER_HOST'] || 'unix:///var/run/docker.sock';
  if (!host.startsWith('unix://')) return { name, status: 'warning', message: `${host} is not looked at without the daemon.`, fix: null };
  const socket = host.slice('unix://'.length);
  try {
    accessSync(socket, constants.R_OK | constants.W_OK);
    return { name, status: 'ok', message: `${socket} is there and may be used.`, fix: null };
  } catch (error) {
    const denied = codeOf(error) === 'EACCES';
    return {
      name,
      status: 'error',
      message: denied ? `You may not use ${socket}.` : `There is no Docker Engine at ${socket}.`,
      fix: denied
        ? 'Join its group: sudo usermod -aG docker $USER, and log in again.'
        : 'Install and start one (apt-get install docker.io), or set DOCKER_HOST.',
    };
  }
}
