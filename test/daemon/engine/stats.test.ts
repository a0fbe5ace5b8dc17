import { afterAll, describe, expect, it } from 'vitest';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import { statsOf } from '../../../daemon/engine/stats.ts';
import { testContainers } from '../../support/containers.ts';
import { waitFor } from '../../support/wait-for.ts';

const t = testContainers();
const { engine } = t;
afterAll(() => t.clean());

const within = 10_000;

describe('what a container uses', () => {
  it('is the CPU time of all its processes', async () => {
    const name = await t.run('while :; do :; done');
    const first = await waitFor(() => engine.stats(name, within), 'the first reading');
    const later = await waitFor(async () => {
      const stats = await engine.stats(name, within);
      return stats && stats.cpuNanos - first.cpuNanos > 1e9 ? stats : null;
    }, 'a second of CPU time');
    // one process has one core at most
    expect((later.cpuNanos - first.cpuNanos) / 1e6).toBeLessThan((later.at - first.at) * 1.1);
    expect(Math.abs(later.at - Date.now())).toBeLessThan(60_000);
  });

  it('is its memory, without the files that it has read', async () => {
    const name = await t.run(
      'head -c 50000000 /dev/zero >/tmp/file; cat /tmp/file >/dev/null; echo ready; x=$(head -c 30000000 /dev/zero | tr "\\0" x); sleep 600; : $x',
    );
    const stats = await waitFor(
      async () => {
        const now = await engine.stats(name, within);
        return now && (now.memory ?? 0) > 30e6 ? now : null;
      },
      'it to have 30 MB',
      { seconds: 120 },
    );
    expect(stats.memory).toBeLessThan(300e6);
  });

  it('is nothing when it does not run, or is not there', async () => {
    const ended = await t.run('true');
    await waitFor(async () => (await engine.inspect(ended))?.state.status === 'exited', 'its end');
    expect(await engine.stats(ended, within)).toBeNull();
    const { id } = await engine.create(t.spec('true'));
    expect(await engine.stats(id, within)).toBeNull();
    expect(await engine.stats('dstack-test-nothing', within)).toBeNull();
  });

  it('is asked of an engine that is not there in vain', async () => {
    const nobody = createDockerEngine({ endpoint: 'unix:///nonexistent/docker.sock', installation: 'x' });
    await expect(nobody.stats('x', within)).rejects.toMatchObject({ kind: 'unreachable' });
  });
});

describe("the engine's answers", () => {
  const answer = (memory: object) =>
    statsOf({ read: '2026-11-23T08:27:12.785Z', cpu_stats: { cpu_usage: { total_usage: 5 } }, memory_stats: memory });
  it.each([
    ['cgroup version 1', { usage: 100, stats: { total_inactive_file: 30, inactive_file: 10 } }, 70],
    ['cgroup version 2', { usage: 100, stats: { inactive_file: 30 } }, 70],
    ['more cached than used: both were not read at the same moment', { usage: 100, stats: { inactive_file: 130 } }, 100],
    ['an engine that may not limit memory', {}, null],
  ])('%s', (_, memory, bytes) => {
    expect(answer(memory)).toEqual({ at: Date.parse('2026-11-23T08:27:12.785Z'), cpuNanos: 5, memory: bytes });
  });
  it('a container that does not run', () => {
    expect(statsOf({ read: '0001-01-01T00:00:00Z', cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {} })).toBeNull();
  });
});
