import type { Limits } from '../../shared/api.ts';

export const noLimits: Limits = {
  gpus: null,
  runs: null,
  disk: null,
  maxDuration: null,
  priority: null,
  mountRoots: null,
  memory: null,
  pids: null,
};

/** The file as read: what holds for everybody, and what for whom instead. */
export interface PolicyFile {
  defaults: Limits;
  users: Map<string, Limits>;
}
