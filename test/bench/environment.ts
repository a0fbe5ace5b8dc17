import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, timed, type Figure } from './measure.ts';

/**
 * The second start of a workflow with requirements and a set-up against the same workflow without, in turn. What installs them is a script named `pip`: a
 * second start runs none, whatever it is.
 */
export function benchEnvironment(daemon: TestDaemon, cwd: string, pairs = 10): Figure {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  mkdirSync(join(cwd, 'bin'));
  const common = `    provider: docker\n    image: ${tinyImage}\n    env: ["PATH=/workflow/bin:$PATH"]\n    commands: [echo hello]\n`;
  const needs = '    requirements: requirements.txt\n    setup: [echo set up >/set-up, export A=1]\n';
  writeFileSync(join(cwd, '.dstack/workflows.yaml'), `workflows:\n  - name: with\n${common}${needs}  - name: without\n${common}`);
  writeFileSync(join(cwd, 'requirements.txt'), 'some-package\n');
  writeFileSync(join(cwd, 'bin/pip'), '#!/bin/sh\nsleep 2\ndd if=/dev/zero of=/installed bs=1M count=20\n');
  chmodSync(join(cwd, 'bin/pip'), 0o755);
  const dstack = join(import.meta.dirname, '../../scripts/dstack');
  const start = (workflow: string): number => timed(dstack, ['run', workflow], { cwd, env: daemon.env });
  const first = start('with');
  start('without');
  const rows = Array.from({ length: pairs }, () => ({ with: start('with'), without: start('without') }));
  const [a, b] = [median(rows.map((row) => row.with)), median(rows.map((row) => row.without))];
  return {
    name: 'second start with requirements : without',
    value: a / b,
    target: 1.2,
    unit: 'ratio',
    detail: `${a.toFixed(0)} ms : ${b.toFixed(0)} ms, ${pairs} pairs; the first start took ${first.toFixed(0)} ms`,
  };
}
