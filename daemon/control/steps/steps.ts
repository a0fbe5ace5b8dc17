import type { StepName } from '../plan.ts';
import { claimGpus } from './claim-gpus.ts';
import { collectLog } from './collect-log.ts';
import { confirmGpus } from './confirm-gpus.ts';
import { createContainer } from './create-container.ts';
import { discard } from './discard.ts';
import type { Executor } from './executor.ts';
import { endRerun, killRerun } from './end-rerun.ts';
import { expire } from './expire.ts';
import { finish } from './finish.ts';
import { followLog } from './follow-log.ts';
import { giveUp } from './give-up.ts';
import { kill } from './kill.ts';
import { noteReady } from './note-ready.ts';
import { noteRerun } from './note-rerun.ts';
import { noteRunning } from './note-running.ts';
import { noteStopping } from './note-stopping.ts';
import { prepareWorkspace } from './prepare-workspace.ts';
import { pullImage } from './pull-image.ts';
import { readEnd } from './read-end.ts';
import { removeContainer } from './remove-container.ts';
import { settleArtifacts } from './settle-artifacts.ts';
import { startContainer } from './start-container.ts';
import { retire } from './retire.ts';
import { takeBack } from './take-back.ts';
import { takeRerun } from './take-rerun.ts';
import { terminate } from './terminate.ts';
import { warn } from './warn.ts';

/** Every step that the plan knows, and who does it. The crash tests take their fault points from here. */
export const steps: Record<StepName, Executor> = {
  pullImage,
  prepareWorkspace,
  // loaded when there is one to build
  buildEnvironment: async (task) => (await import('./build-environment.ts')).buildEnvironment(task),
  takeRerun,
  claimGpus,
  noteReady,
  takeBack,
  createContainer,
  confirmGpus,
  startContainer,
  noteRunning,
  noteStopping,
  followLog,
  warn,
  expire,
  noteRerun,
  beginRerun: async (task) => (await import('./begin-rerun.ts')).beginRerun(task),
  endRerun,
  killRerun,
  retire,
  terminate,
  kill,
  giveUp,
  readEnd,
  collectLog,
  settleArtifacts,
  finish,
  removeContainer,
  discard,
};
