import { writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { median, timed, type Figure } from './measure.ts';

/** `scripts/dstack run hello`, attached, against `docker run` of the same command, in turn. */
export async function benchRun(daemon: TestDaemon, cwd: string, pairs = 10): Promise<Figure> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: hello\n    provider: docker\n    image: ${tinyImage}\n    commands: [echo hello]\n`,
  );
  const dstack = join(import.meta.dirname, '../../scripts/dstack');
  const ours = (): number => timed(dstack, ['run', 'hello'], { cwd, env: daemon.env });
  const theirs = (): number => timed('docker', ['run', '--rm', tinyImage, 'bash', '-c', 'echo hello'], { env: daemon.env });
  ours();
  theirs();
  const rows = Array.from({ length: pairs }, () => ({ ours: ours(), theirs: theirs() }));
  const [a, b] = [median(rows.map((r) => r.ours)), median(rows.map((r) => r.theirs))];
  return {
    name: 'dstack run hello : docker run',
    value: a / b,
    target: 1.5,
    unit: 'ratio',
    detail: `${a.toFixed(0)} ms : ${b.toFixed(0)} ms, ${pairs} pairs`,
  };
}
