import { writeFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshLive, type Attempt } from '../../../daemon/control/attempt.ts';
import { hasEndedCleanly } from '../../../daemon/control/clean-end.ts';
import { stateFolders } from '../../../daemon/control/state-folder.ts';
import type { RecordEnd } from '../../../daemon/logs/logs.ts';
import { freshProgress } from '../../../daemon/store/records.ts';
import { scratchDir } from '../../support/scratch.ts';

// a time that is over: what a job says of later ones is not believed
const at = 1_700_000_000_000;

interface Given {
  /** what its script has left; null: nothing yet */
  exit?: string | null;
  /** of the output; null: it goes on */
  end?: RecordEnd | null;
  /** when it ended, after the script (ms) */
  later?: number;
  from?: 'live' | 'engine';
  attempt?: (attempt: Attempt) => void;
}

/** An attempt as it stands when its container has just ended with 0, but for what is given. */
async function ask({ exit = '0\n', end = { complete: true }, later = 20, from = 'live', attempt: change }: Given = {}): Promise<boolean> {
  const states = stateFolders(scratchDir());
  await states.prepare('1-0-1', null, null, null);
  writeFileSync(join(states.pathOf('1-0-1'), 'started'), '');
  if (exit !== null) {
    const file = join(states.pathOf('1-0-1'), 'exit');
    writeFileSync(file, exit);
    utimesSync(file, at / 1000, at / 1000);
  }
  const spec = { start: { kind: 'script', commands: [] }, ports: [], artifacts: [], app: null };
  const live = freshLive();
  if (end) live.recording = { end: Promise.resolve(end), endedAt: at + later, over: AbortSignal.abort(), from };
  const attempt = {
    id: '1-0-1',
    container: 'c',
    live,
    run: { intent: null, spec: { jobs: [spec] } },
    job: {
      job: 0,
      state: { status: 'running', since: at, startedAt: at, host: 'local', gpus: [] },
      progress: { ...freshProgress(), startIntent: at, engineEpoch: 'e' },
    },
  } as unknown as Attempt;
  change?.(attempt);
  return hasEndedCleanly({ states }, attempt);
}

const specOf = (attempt: Attempt) => attempt.run.spec.jobs[0] as unknown as Record<string, unknown>;

test('exit code 0, and its output complete after that: it has ended', async () => expect(await ask()).toBe(true));

describe('the engine is waited for', () => {
  test.each<[string, Given]>([
    ['while its output goes on', { end: null }],
    ["where its output comes from the engine's own record", { from: 'engine' }],
    ['where its output broke off', { end: { complete: false, why: 'no space' } }],
    ['where its output ended long before its script did', { later: -150 }],
    ['before its script has left its exit code', { exit: null }],
    ['where it failed', { exit: '1\n' }],
    ['where what it left is no exit code', { exit: '' }],
    ['while it is not known to run', { attempt: ({ job }) => (job.state = { status: 'preparing', since: at, host: 'local', gpus: [] }) }],
    ['where its end is known already', { attempt: ({ job }) => (job.progress.end = {} as never) }],
    ['where nobody knows which engine it was started by', { attempt: ({ job }) => (job.progress.engineEpoch = null) }],
    ['where somebody wants it to end', { attempt: ({ run }) => (run.intent = { how: 'stop', at, reason: null }) }],
    ['where it makes room', { attempt: ({ job }) => (job.progress.preempted = { for: 'r', at }) }],
    ['where it was signalled', { attempt: ({ job }) => (job.progress.terminatedAt = at) }],
    ['where it has GPUs', { attempt: ({ job }) => void ((job.state as { gpus: string[] }).gpus = ['GPU-1']) }],
    ['where it has ports', { attempt: (attempt) => (specOf(attempt)['ports'] = [{ container: 80, host: null }]) }],
    ['where it saves something', { attempt: (attempt) => (specOf(attempt)['artifacts'] = [{ path: 'out' }]) }],
    ['where it serves something', { attempt: (attempt) => (specOf(attempt)['app'] = {}) }],
    ['where the image starts by itself', { attempt: (attempt) => (specOf(attempt)['start'] = { kind: 'image' }) }],
    ['of several nodes', { attempt: ({ run }) => run.spec.jobs.push(run.spec.jobs[0] as never) }],
    ['of a watch', { attempt: ({ run }) => (run.spec.watch = {} as never) }],
  ])('%s', async (_, given) => expect(await ask(given)).toBe(false));
});
