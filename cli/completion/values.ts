/** What stands where on a command line. A test sees to it that every argument and every option with a value is named here. */
import { pythonVersions } from '../../shared/workflow/model.ts';

export type Kind =
  | 'none'
  | 'files'
  | 'dirs'
  | 'workflow'
  /** a workflow, or a provider */
  | 'target'
  /** what follows the target of `run` */
  | 'runArgs'
  | 'run'
  /** that has not ended, that has */
  | 'unfinishedRun'
  | 'endedRun'
  /** whose container runs */
  | 'runningRun'
  | 'tag'
  /** a run with artifacts, or `:tag` */
  | 'artifacts'
  /** `:tag`, or a workflow */
  | 'dep'
  | 'secret'
  | 'environment'
  /** of the run that is named before it */
  | 'attempt'
  | 'node'
  | readonly string[];

/** The arguments of each command, in order; the last one stands for those that follow where it takes several. */
export const argumentKinds: Readonly<Record<string, readonly Kind[]>> = {
  run: ['target', 'runArgs'],
  ps: ['run'],
  logs: ['run'],
  attach: ['unfinishedRun'],
  exec: ['runningRun', 'none'],
  shell: ['runningRun'],
  stop: ['unfinishedRun'],
  rm: ['endedRun'],
  restart: ['run'],
  code: ['runningRun'],
  share: ['run'],
  stats: ['run'],
  'artifacts list': ['artifacts'],
  'artifacts download': ['artifacts'],
  'tags add': ['tag', 'run'],
  'tags delete': ['tag'],
  'secrets add': ['secret', 'none'],
  'secrets delete': ['secret'],
  'env build': ['workflow'],
  'env rm': ['environment'],
  check: ['dirs'],
  'completion install': [['bash', 'zsh']],
  'completion uninstall': [['bash', 'zsh']],
};

const times = ['10m', '1h', '12h', '1d', '1w'] as const;

/** The options with a value; `COMMAND --option` where it means something else there. */
export const optionKinds: Readonly<Record<string, Kind>> = {
  '--tag': 'tag',
  '--env': 'none',
  '--artifact': 'dirs',
  '--dep': 'dep',
  '--working-dir': 'dirs',
  '--requirements': 'files',
  '--python': pythonVersions,
  '--command': 'none',
  '--mount': 'dirs',
  '--ports': 'none',
  '--cpu': ['1', '2', '4', '8', '16', '32'],
  '--memory': ['1GB', '4GB', '8GB', '16GB', '32GB', '64GB'],
  '--shm-size': ['1GB', '4GB', '8GB', '16GB'],
  '--gpu': ['1', '2', '4', '8'],
  '--gpu-name': 'none',
  '--gpu-memory': ['8GB', '16GB', '24GB', '40GB', '80GB'],
  '--max-duration': ['30m', '1h', '2h', '12h', '1d'],
  '--idle-timeout': ['10m', '30m', '1h', '2h'],
  '--priority': 'none',
  '--retry': ['1', '2', '3'],
  '--inactivity-duration': ['30m', '1h', '2h', 'off'],
  '--server-version': 'none',
  '--watch': 'files',
  '--nodes': ['2', '3', '4', '8'],
  '--node': 'node',
  '--attempt': 'attempt',
  '--since': times,
  '--until': times,
  '--by': ['user', 'project', 'workflow', 'run'],
  '--output': 'dirs',
  '--workdir': 'none',
  '--name': 'none',
  '--lines': ['20', '100', '1000'],
  '--group': 'none',
  '--root': 'dirs',
  '--grep': 'none',
  '--tail': ['10', '100', '1000'],
};
