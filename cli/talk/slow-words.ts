import type { Verb } from '../../shared/api.ts';

/** What is being done, when an answer takes a while. */
const words: Partial<Record<Verb, string>> = {
  submit: 'taking the files of the project',
  restart: 'preparing the run',
  stop: 'asking it to end',
  rm: 'removing',
  gc: 'freeing what nothing needs',
  df: 'measuring the disk',
  doctor: 'looking at everything that a run needs',
  gpus: 'reading the GPUs',
  tagsAdd: 'saving under the tag',
  artifactsList: 'looking at the files',
  artifactsDownload: 'looking at the files',
  envList: 'looking at the environments',
  envRm: 'removing environments',
  usage: 'adding up',
  snapshotSend: 'sending the files of the project',
};

/** One line for the verb, as it is shown after half a second. */
export const slowWords = (verb: Verb): string => words[verb] ?? 'waiting for the daemon';
