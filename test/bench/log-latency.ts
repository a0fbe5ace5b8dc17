import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, percentile, type Figure } from './measure.ts';

/** From the moment a line is printed in the container to the moment the attached command line prints it: the line carries its own time (one clock). */
export async function benchLogLatency(daemon: TestDaemon, cwd: string, runs = 5): Promise<Figure> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  const command = 'for i in 1 2 3 4 5 6 7 8 9 10; do echo T ${EPOCHREALTIME/./}; sleep 0.05; done';
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: times\n    provider: docker\n    image: ${tinyImage}\n    commands: [${JSON.stringify(command)}]\n`,
  );
  const delays: number[] = [];
  for (let i = 0; i < runs; i++) {
    const child = spawn(join(import.meta.dirname, '../../scripts/dstack'), ['run', 'times'], {
      cwd,
      env: daemon.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      const at = performance.timeOrigin + performance.now();
      const printed = /^T (\d+)/.exec(line)?.[1];
      if (printed) delays.push(at - Number(printed) / 1000);
    }
  }
  if (delays.length !== runs * 10) throw new Error(`${delays.length} lines came, not ${runs * 10}`);
  return {
    name: 'a line printed → shown, p95',
    value: percentile(delays, 0.95),
    target: 50,
    unit: 'ms',
    detail: `median ${median(delays).toFixed(1)} ms, ${delays.length} lines`,
  };
}
