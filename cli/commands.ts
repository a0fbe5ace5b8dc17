/** Every command, in the order of the help. Each file exports `command`, which describes it to commander with its action. */
import type { Command } from 'commander';
import type { Cli } from './context.ts';

export interface CommandFile {
  command: (cli: Cli) => Command;
}

export const commands = {
  run: () => import('./commands/run.ts'),
  attach: () => import('./commands/attach.ts'),
  ps: () => import('./commands/ps.ts'),
  queue: () => import('./commands/queue.ts'),
  logs: () => import('./commands/logs.ts'),
  exec: () => import('./commands/exec.ts'),
  shell: () => import('./commands/shell.ts'),
  stop: () => import('./commands/stop.ts'),
  rm: () => import('./commands/rm.ts'),
  restart: () => import('./commands/restart.ts'),
  code: () => import('./commands/code.ts'),
  share: () => import('./commands/share.ts'),
  artifacts: () => import('./commands/artifacts.ts'),
  tags: () => import('./commands/tags.ts'),
  secrets: () => import('./commands/secrets.ts'),
  env: () => import('./commands/env.ts'),
  init: () => import('./commands/init.ts'),
  check: () => import('./commands/check.ts'),
  completion: () => import('./commands/completion.ts'),
  schema: () => import('./commands/schema.ts'),
  config: () => import('./commands/config.ts'),
  policy: () => import('./commands/policy.ts'),
  gpus: () => import('./commands/gpus.ts'),
  stats: () => import('./commands/stats.ts'),
  usage: () => import('./commands/usage.ts'),
  audit: () => import('./commands/audit.ts'),
  df: () => import('./commands/df.ts'),
  gc: () => import('./commands/gc.ts'),
  daemon: () => import('./commands/daemon.ts'),
  doctor: () => import('./commands/doctor.ts'),
} as const satisfies Record<string, () => Promise<CommandFile>>;

export type CommandName = keyof typeof commands;
