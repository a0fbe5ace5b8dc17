import { expect, test } from 'vitest';
import { gangVariables, meetingPoint } from '../../../daemon/control/gangs/gang-variables.ts';
import { jobsOf } from '../../../daemon/providers/providers.ts';
import { shownCommands } from '../../../daemon/providers/shown-commands.ts';
import { parseWorkflows } from '../../../shared/workflow/load.ts';

function jobs(...lines: string[]) {
  const text = ['workflows:', '- name: a', '  provider: torchrun', ...lines.map((line) => `  ${line}`)].join('\n');
  const loaded = parseWorkflows([{ path: 'workflows.yaml', text }]);
  if (!loaded.ok) throw new Error(loaded.problems[0]?.message);
  return jobsOf(loaded.workflows.get('a')!.workflow, 'python:3.11');
}
const lastCommand = (job: ReturnType<typeof jobs>[number] | undefined): string | undefined =>
  job?.start.kind === 'script' ? job.start.commands.at(-1) : undefined;

test('one job per node, each with the resources, the ports with the master', () => {
  const nodes = jobs('file: a.py', 'nodes: 3', 'resources: {gpu: 4, cpu: 2}', 'ports: [6006]', 'requirements: r.txt');
  expect(nodes.map(({ gang, gpu, cpu, ports, environment }) => [gang, gpu?.count, cpu, ports.length, environment?.requirements])).toEqual([
    [{ rank: 0, nodes: 3 }, 4, 2, 1, 'r.txt'],
    [{ rank: 1, nodes: 3 }, 4, 2, 0, 'r.txt'],
    [{ rank: 2, nodes: 3 }, 4, 2, 0, 'r.txt'],
  ]);
});

test('as many processes as GPUs, else one', () => {
  expect(lastCommand(jobs('file: a.py', 'resources: {gpu: 2}')[0])).toContain('--nnodes=1 --node_rank="$NODE_RANK" --nproc_per_node=2 ');
  expect(lastCommand(jobs('script: "my file.py"', 'args: [--lr, 0.1, "a b", "$X"]')[0])).toMatch(
    /--nproc_per_node=1 .* 'my file\.py' --lr 0\.1 'a b' '\$X'$/,
  );
});

test('its command is shown as the file and its arguments', () => {
  const [master, worker] = jobs('file: "my file.py"', 'args: [--lr, 0.1]', 'nodes: 2', 'artifacts: [out]');
  expect([master, worker].map((job) => job && shownCommands(job))).toEqual([
    ["torchrun 'my file.py' --lr 0.1"],
    ["torchrun 'my file.py' --lr 0.1"],
  ]);
});

test('the master saves, or all; who does not has the folders all the same', () => {
  const [master, worker] = jobs('file: a.py', 'nodes: 2', 'artifacts: [out, "a b"]');
  expect([master?.artifacts.length, worker?.artifacts]).toEqual([2, []]);
  expect(worker?.start).toMatchObject({ commands: expect.arrayContaining([expect.stringMatching(/^mkdir -p -- out 'a b' /)]) });
  const all = jobs('file: a.py', 'nodes: 2', 'artifacts: [out]', 'artifacts_of: all');
  expect(all.map(({ artifacts }) => artifacts)).toEqual([[{ path: 'out' }], [{ path: 'out' }]]);
});

test('they meet at a port that the run has not taken itself', () => {
  const port = (container: number) => ({ container, host: null });
  expect(meetingPoint({ ports: [] })).toEqual({ hostname: '127.0.0.1', port: 29_500 });
  expect(meetingPoint({ ports: [port(29_500), port(29_501)] }).port).toBe(29_502);
  const variables = gangVariables({ gang: { rank: 1, nodes: 2 } }, { ports: [port(29_500)] });
  expect(variables).toEqual({ MASTER_HOSTNAME: '127.0.0.1', MASTER_PORT: '29501', NODE_RANK: '1', NODES: '2' });
  expect(gangVariables({}, { ports: [] })).toEqual({});
});
