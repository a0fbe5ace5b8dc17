import type { Verb } from '../../shared/api.ts';
import { artifactsDownload, artifactsList } from './artifacts.ts';
import { daemonStatus, daemonStop } from './daemon.ts';
import { df } from './df.ts';
import { doctor } from './doctor.ts';
import { gc } from './gc.ts';
import type { JsonHandler, StreamHandler } from './handler.ts';
import { ps } from './ps.ts';
import { restart } from './restart.ts';
import { rm } from './rm.ts';
import { run, submit } from './run.ts';
import { secretsAdd, secretsDelete, secretsList } from './secrets.ts';
import { stop } from './stop.ts';
import { tagsAdd, tagsDelete, tagsList } from './tags.ts';

/** Who answers each verb of the contract. */
export const handlers: { [V in Verb]: JsonHandler<V> | StreamHandler<V> } = {
  daemonStatus,
  daemonStop,
  submit,
  ps,
  run,
  stop,
  rm,
  restart,
  artifactsList,
  artifactsDownload,
  tagsList,
  tagsAdd,
  tagsDelete,
  secretsList,
  secretsAdd,
  secretsDelete,
  df,
  gc,
  doctor,
};
