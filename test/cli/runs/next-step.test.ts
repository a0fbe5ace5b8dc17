import { expect, test } from 'vitest';
import { nextStep } from '../../../cli/runs/next-step.ts';
import { aRun } from '../support/daemon-double.ts';

test.each([
  ['exit code 3', 'dstack logs calm-otter-3'],
  ['was killed with SIGKILL, not by dstack (exit code 137)', 'dstack logs calm-otter-3'],
  ['ran out of memory: it needed more than its memory limit of 1 GB', '--memory'],
  ['ran longer than its max_duration', '--max-duration'],
  ['cannot pull the image x:1: not found', 'docker pull x:1. '],
  ['cannot pull the image r.io:5000/a/x@sha256:ab: Get "https://r.io": EOF', 'docker pull r.io:5000/a/x@sha256:ab. '],
  ['no such image', 'docker pull IMAGE'],
  ['no space left on the disk of /home', 'dstack gc'],
  ['port 80 of this machine is taken: another program of this machine has it', '`ports: 1`'],
  ['the environment could not be built: pip ended with 1', 'dstack env build'],
  ['the host or its container engine was restarted while it ran', '--retry 1'],
  ['something new', 'dstack doctor'],
])('after %s: %s', (reason, step) => {
  expect(nextStep(aRun({ status: 'failed', reason }))).toContain(step);
});

test('nothing where it is well, or where more is said anyway', () => {
  expect(nextStep(aRun({ status: 'done' }))).toBeNull();
  expect(nextStep(aRun({ status: 'failed', nodes: 2, reason: 'node 1: exit code 3' }))).toBeNull();
});
