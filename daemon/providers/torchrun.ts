import type { TorchrunWorkflow } from '../../shared/workflow/model.ts';
import { environmentOf } from './commands.ts';
import { commonParts } from './common.ts';
import type { JobSpec } from './job-spec.ts';
import { shellWord, shellWords } from './shell-words.ts';

/** Finds what starts the nodes: `torchrun`, or the module that it is. */
const findTorchrun = `if command -v torchrun >/dev/null 2>&1; then
  dstack_torchrun=torchrun
else
  dstack_torchrun=
  for dstack_python in python python3; do
    if "$dstack_python" -c 'import torch.distributed.run' >/dev/null 2>&1; then dstack_torchrun="$dstack_python -m torch.distributed.run"; break; fi
  done
  unset dstack_python
fi
if [ -z "$dstack_torchrun" ]; then
  echo "The image has no torchrun, and no Python with PyTorch: use an image that has it ('image'), or install it ('requirements': torch)" >&2
  exit 127
fi`;

/** The word after which the user's own come. */
const lastOfOurs = '--master_port="$MASTER_PORT"';

/** The last command of a job as its user knows it: the file and its arguments. */
export const torchrunWords = (command: string): string => {
  const at = command.indexOf(` ${lastOfOurs} `);
  return at < 0 ? command : `torchrun ${command.slice(at + lastOfOurs.length + 2)}`;
};

/**
 * One job per node, the first is the master. Each has the resources, and as many processes as GPUs (without any: one). Where the master is, its node's number and
 * how many there are it is told in variables (daemon/control/gangs/gang-variables.ts). Its words are put together by the shell: `$dstack_torchrun` may be several.
 */
export function torchrunJobs(workflow: TorchrunWorkflow, pythonImage: string): JobSpec[] {
  const { nodes, artifactsOf } = workflow;
  const common = commonParts(workflow);
  const image = workflow.image ?? pythonImage;
  const words = [
    '$dstack_torchrun',
    `--nnodes=${nodes}`,
    '--node_rank="$NODE_RANK"',
    `--nproc_per_node=${workflow.resources.gpu?.count ?? 1}`,
    '--master_addr="$MASTER_HOSTNAME"',
    lastOfOurs,
    shellWord(workflow.file),
    ...workflow.args.map(shellWords),
  ].filter((word) => word !== '');
  // one that saves none writes what it writes there, like the others, and it goes with its workspace
  const unsaved = common.artifacts.map(({ path }) => shellWord(path)).join(' ');
  return Array.from({ length: nodes }, (_, rank): JobSpec => {
    const saves = rank === 0 || artifactsOf === 'all';
    const folders = saves || unsaved === '' ? [] : [`mkdir -p -- ${unsaved} 2>/dev/null || :`];
    return {
      ...common,
      // they share the master's network, and so its ports
      ports: rank === 0 ? common.ports : [],
      artifacts: saves ? common.artifacts : [],
      image,
      environment: environmentOf(workflow),
      start: { kind: 'script', commands: [...folders, findTorchrun, words.join(' ')] },
      gang: { rank, nodes },
    };
  });
}
