import type { Verb } from '../../shared/api.ts';
import { artifactsDownload, artifactsList } from './artifacts.ts';
import { audit } from './audit.ts';
import { daemonStatus, daemonStop } from './daemon.ts';
import { df } from './df.ts';
import { doctor } from './doctor.ts';
import { envList, envRm } from './environments.ts';
import { gc } from './gc.ts';
import { gpus } from './gpus.ts';
import type { JsonHandler, StreamHandler } from './handler.ts';
import { logsScan } from './logs-scan.ts';
import { policy } from './policy.ts';
import { progress } from './progress.ts';
import { ps } from './ps.ts';
import { queue } from './queue.ts';
import { rerun } from './rerun.ts';
import { resize } from './resize.ts';
import { restart } from './restart.ts';
import { rm } from './rm.ts';
import { run, submit } from './run.ts';
import { secretsAdd, secretsDelete, secretsList } from './secrets.ts';
import { stats } from './stats.ts';
import { share } from './share.ts';
import { snapshotKnown, snapshotSend } from './snapshots.ts';
import { stop } from './stop.ts';
import { stopAttempt } from './stop-attempt.ts';
import { tagsAdd, tagsDelete, tagsList } from './tags.ts';
import { usage } from './usage.ts';

/** Who answers each verb of the contract. */
export const handlers: { [V in Verb]: JsonHandler<V> | StreamHandler<V> } = {
  daemonStatus,
  daemonStop,
  submit,
  ps,
  queue,
  run,
  stop,
  rm,
  restart,
  rerun,
  stopAttempt,
  resize,
  progress,
  snapshotKnown,
  snapshotSend,
  share,
  policy,
  logsScan,
  artifactsList,
  artifactsDownload,
  tagsList,
  tagsAdd,
  tagsDelete,
  secretsList,
  secretsAdd,
  secretsDelete,
  stats,
  usage,
  audit,
  envList,
  envRm,
  gpus,
  df,
  gc,
  doctor,
};
