/**
 * What becomes of a job. A run's status is that of its jobs together (docblock of daemon/control draws the machine).
 *
 *   queued ─ preparing ─ running ─ done | failed
 *      ▲         └──────────┴─ stopping ─ stopped | aborted
 *      └────── interrupted
 *
 * Each variant holds only what is known in that state. Times are milliseconds since 1970.
 */

export type StopHow = 'stop' | 'abort';

export type JobState =
  /** `notBefore`: the pause before a retry; `preempted`: an earlier attempt made room for another run */
  | { status: 'queued'; since: number; notBefore?: number | null; preempted?: boolean }
  | { status: 'preparing'; since: number; host: string; gpus: string[] }
  | { status: 'running'; since: number; startedAt: number; host: string; gpus: string[] }
  | { status: 'stopping'; since: number; startedAt: number | null; host: string; gpus: string[]; how: StopHow }
  /** another attempt follows; `cause` is absent in attempts of earlier versions, which only failed */
  | { status: 'interrupted'; since: number; reason: string; cause?: InterruptionCause; host: string | null; gpus: string[] }
  | ({ status: 'done' } & Ended)
  | ({ status: 'failed'; reason: string; reasonCode: FailureReason } & Ended)
  | ({ status: 'stopped' } & Ended)
  | ({ status: 'aborted' } & Ended);

/** What every ended job has. `startedAt` null: its container never started; `exitCode` null: there is none to know. */
export interface Ended {
  since: number;
  startedAt: number | null;
  finishedAt: number;
  host: string | null;
  gpus: string[];
  exitCode: number | null;
}

/** Only what `failed` counts against `retry`. `watch`: the next attempt of a watch has a container of its own. */
export type InterruptionCause = 'failed' | 'host' | 'preempted' | 'watch';

export type FailureReason =
  | 'exit_code'
  | 'out_of_memory'
  | 'host_restarted'
  | 'container_removed'
  | 'image'
  | 'environment'
  | 'start'
  | 'gpus'
  /** another daemon took one of a node's after other nodes had begun */
  | 'gpus_taken'
  /** of a run's nodes: what another one of them died of ended it too */
  | 'node'
  | 'workspace'
  | 'max_duration'
  | 'idle'
  | 'disk_full'
  | 'killed';

export type Status = JobState['status'];

export const endedStatuses = ['done', 'failed', 'stopped', 'aborted'] as const satisfies Status[];
export type EndedStatus = (typeof endedStatuses)[number];

export const isEnded = (status: Status): status is EndedStatus => (endedStatuses as readonly string[]).includes(status);
