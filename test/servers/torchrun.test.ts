/** The real torchrun with PyTorch on CPUs: two nodes meet over gloo, train together, and end together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunDetail } from '../../shared/api.ts';
import type { TestDaemon } from '../support/daemon.ts';
import { engineRequest } from '../support/engine-api.ts';
import { projectWith } from '../support/project.ts';
import { scratchDir } from '../support/scratch.ts';
import { waitFor } from '../support/wait-for.ts';
import { serversDaemon } from './fixture.ts';

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await serversDaemon();
});
afterAll(() => daemon?.[Symbol.asyncDispose]());

const train = `
import json, os, sys
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

dist.init_process_group('gloo')
rank = dist.get_rank()
total = torch.tensor([float(rank + 1)])
dist.all_reduce(total)

# each node has one half of the data: a step along the mean of their gradients is a step on all of it
x = torch.tensor([[1.0], [2.0], [3.0], [4.0]], dtype=torch.float64)
y = 3 * x + 1
own = slice(2 * rank, 2 * rank + 2)
layer = torch.nn.Linear(1, 1).double()
torch.nn.init.zeros_(layer.weight)
torch.nn.init.zeros_(layer.bias)
model = DistributedDataParallel(layer)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
((model(x[own]) - y[own]) ** 2).mean().backward()
optimizer.step()

result = {'world': dist.get_world_size(), 'sum': total.item(), 'weight': layer.weight.item(), 'bias': layer.bias.item(), 'args': sys.argv[1:]}
with open('out/result.json', 'w') as file:
    json.dump(result, file)
dist.destroy_process_group()
`;
const forever = `
import time
import torch
import torch.distributed as dist

dist.init_process_group('gloo')
while True:
    dist.all_reduce(torch.ones(1))
    print('a step', flush=True)
    time.sleep(0.1)
`;
const args = ['a b', "it's", '$HOME', 'two\nlines', '*', '"', '', '--lr=0.1'];

test('two nodes all-reduce and train, to the digit', { timeout: 300_000 }, async () => {
  const workflow = `- name: train
  provider: torchrun
  file: train.py
  nodes: 2
  args: \${{ run.args }}
  artifacts: [out]
  artifacts_of: all`;
  const cwd = await projectWith(workflow, { 'train.py': train });
  const { code, stdout, stderr } = await daemon.cli(['run', 'train', '-t', 'trained', '--', ...args], { cwd, seconds: 280 });
  expect([code, stdout, stderr]).toEqual([0, expect.any(String), expect.any(String)]);
  const out = scratchDir('a');
  await daemon.cli(['artifacts', 'download', ':trained', '-o', out], { cwd });
  for (const folder of ['out', 'node-1/out']) {
    const result = JSON.parse(readFileSync(join(out, folder, 'result.json'), 'utf8')) as Record<string, unknown>;
    expect(result).toMatchObject({ world: 2, sum: 3, args });
    // by hand: the gradient of the mean of (y - 0)² at zero is -2·mean(x·y) = -50, and -2·mean(y) = -17
    expect(result['weight']).toBeCloseTo(5, 12);
    expect(result['bias']).toBeCloseTo(1.7, 12);
  }
});

test('a node killed with SIGKILL ends the run at once, and is the one that is named', { timeout: 300_000 }, async () => {
  const cwd = await projectWith('- name: forever\n  provider: torchrun\n  file: forever.py\n  nodes: 2', { 'forever.py': forever });
  const name = (await daemon.cli(['run', 'forever', '-d'], { cwd })).stdout.trim();
  const steps = async () => (await daemon.cli(['logs', name], { cwd })).stdout;
  await waitFor(async () => /\[node 0\] a step[^]*\[node 1\] a step/.test(await steps()), 'both nodes to step', {
    seconds: 250,
    every: 500,
  });
  const detail = () => daemon.json<RunDetail>(['ps', name], { cwd });
  const container = (await detail()).attempts.find(({ job }) => job === 1)?.container;
  await engineRequest(daemon.engine, 'POST', `/containers/${container}/kill?signal=SIGKILL`);
  await waitFor(async () => (await detail()).status === 'failed', 'the run to fail', { seconds: 60, every: 200 });
  expect(await detail()).toMatchObject({
    exitCode: 137,
    culprit: 1,
    reason: 'node 1: was killed with SIGKILL, not by dstack (exit code 137)',
    attempts: [
      { status: 'failed', reason: expect.stringContaining('ended with node 1') },
      { status: 'failed', exitCode: 137 },
    ],
  });
});
