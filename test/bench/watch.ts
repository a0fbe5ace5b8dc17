import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startDaemon } from '../support/daemon.ts';
import { tinyImage } from '../support/tiny-image.ts';
import { waitFor } from '../support/wait-for.ts';
import { median, percentile, type Figure } from './measure.ts';
import { buildPublished } from './published.ts';

/**
 * An attached watch whose file is saved again and again: from the save to the first output of the attempt that has it, against `docker run` of the same command up
 * to its first output, in turn. Each output names the save that it is of. `goesOn`: the attempt before still runs, and is ended first.
 */
export async function benchWatch(cwd: string, goesOn: boolean, edits = 25): Promise<Figure[]> {
  mkdirSync(join(cwd, '.dstack'), { recursive: true });
  const file = join(cwd, 'message');
  writeFileSync(
    join(cwd, '.dstack/workflows.yaml'),
    `workflows:\n  - name: show\n    provider: docker\n    image: ${tinyImage}\n    commands: [cat message${goesOn ? ', sleep 1000' : ''}]\n`,
  );
  writeFileSync(file, 'edit 0\n');
  const [program, ...words] = buildPublished();
  await using daemon = await startDaemon({ config: { grace_period: '1s' } });
  const watch = spawn(program, [...words, 'run', 'show', '--watch'], { cwd, env: daemon.env, stdio: ['ignore', 'pipe', 'ignore'] });
  let printed = '';
  const seen = new Map<string, number>();
  watch.stdout.on('data', (chunk: Buffer) => {
    const at = performance.now();
    printed += chunk.toString();
    for (const [mark] of printed.matchAll(/edit \d+\r?\n/g)) if (!seen.has(mark.trim())) seen.set(mark.trim(), at);
  });
  await waitFor(() => seen.has('edit 0'), 'the first attempt', { seconds: 30 });
  const rows: { ours: number; theirs: number }[] = [];
  for (let edit = 1; edit <= edits; edit++) {
    // the peer's time is also that in which the attempt before has ended
    const theirs = await firstOutput(cwd, daemon.env);
    const saved = performance.now();
    writeFileSync(file, `edit ${edit}\n`);
    await waitFor(() => seen.has(`edit ${edit}`), `the output of edit ${edit}`, { seconds: 30 });
    rows.push({ ours: (seen.get(`edit ${edit}`) ?? NaN) - saved, theirs });
  }
  watch.kill('SIGINT');
  await daemon.cli(['stop', '-a', '-y'], { cwd });
  const [ours, theirs] = [rows.map((row) => row.ours), rows.map((row) => row.theirs)];
  const what = goesOn ? 'saved while it runs' : 'saved';
  const detail = `${median(ours).toFixed(0)} ms : ${median(theirs).toFixed(0)} ms, ${edits} edits`;
  return [
    { name: `${what} → output : docker run`, value: median(ours) / median(theirs), target: 0.5, unit: 'ratio', detail },
    { name: `${what} → output, p95`, value: percentile(ours, 0.95), target: 400, unit: 'ms', detail },
  ];
}

/** From the start of `docker run` to what it prints (ms). */
async function firstOutput(cwd: string, env: NodeJS.ProcessEnv): Promise<number> {
  const begun = performance.now();
  const child = spawn('docker', ['run', '--rm', '-v', `${cwd}:/workflow`, '-w', '/workflow', tinyImage, 'bash', '-c', 'cat message'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const at = await new Promise<number>((resolve) => child.stdout.once('data', () => resolve(performance.now())));
  await new Promise((resolve) => child.once('exit', resolve));
  return at - begun;
}
