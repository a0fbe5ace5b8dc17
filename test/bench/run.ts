import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, timed, type Figure } from './measure.ts';
import type { Dstack } from './published.ts';

/** `dstack run hello`, attached, against `docker run` of the same command, in turn. Both are there until they have its exit code, and all that it printed. */
export async function benchRun(dstack: Dstack, daemon: TestDaemon, cwd: string, pairs = 20): Promise<Figure> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: hello\n    provider: docker\n    image: ${tinyImage}\n    commands: [echo hello]\n`,
  );
  const ours = (): number => dstack(['run', 'hello'], { cwd, env: daemon.env });
  const theirs = (): number => timed('docker', ['run', '--rm', tinyImage, 'bash', '-c', 'echo hello'], { env: daemon.env });
  ours();
  theirs();
  const rows = Array.from({ length: pairs }, () => ({ ours: ours(), theirs: theirs() }));
  const [a, b] = [median(rows.map((r) => r.ours)), median(rows.map((r) => r.theirs))];
  return {
    name: 'dstack run hello : docker run',
    value: a / b,
    target: 1.1,
    unit: 'ratio',
    detail: `${a.toFixed(0)} ms : ${b.toFixed(0)} ms, ${pairs} pairs`,
  };
}
