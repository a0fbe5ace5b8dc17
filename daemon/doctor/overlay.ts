import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../engine/engine.ts';
import type { Engine } from '../engine/engine.ts';
import { helperContainer } from '../engine/helper-container.ts';

/**
 * Tries whether the engine can make workspaces as overlays on folders below `dir`: makes one, reads and writes through it in a container of
 * `image` (any with a shell), and looks where it went. Throws EngineError `unreachable`.
 */
export async function probeOverlay(engine: Engine, dir: string, image: string): Promise<boolean> {
  const base = await mkdtemp(join(dir, 'overlay-probe-'));
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(base, name)) as [string, string, string];
  const volume = `dstack-overlay-probe-${randomBytes(6).toString('hex')}`;
  try {
    for (const folder of [lower, upper, work]) await mkdir(folder);
    await writeFile(join(lower, 'file'), 'below');
    const spec = {
      ...helperContainer('doctor', image, 'test "$(cat /workflow/file)" = below && printf above > /workflow/file'),
      mounts: [{ type: 'overlay' as const, volume, lower, upper, work, target: '/workflow' }],
      network: 'none' as const,
    };
    const { exitCode } = await engine.runToEnd(spec, 60_000);
    const [below, above] = await Promise.all([
      readFile(join(lower, 'file'), 'utf8'),
      readFile(join(upper, 'file'), 'utf8').catch(() => ''),
    ]);
    return exitCode === 0 && below === 'below' && above === 'above';
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind === 'unreachable') throw error;
    return false;
  } finally {
    await engine.removeVolume(volume).catch(() => {});
    await clear(base, work);
  }
}

/** The kernel leaves closed folders of root in the work folder; they are empty, and it is ours, so they can be removed without being entered. */
async function clear(base: string, work: string): Promise<void> {
  for (const name of await readdir(work).catch(() => [])) await rmdir(join(work, name)).catch(() => {});
  await rm(base, { recursive: true, force: true }).catch(() => {});
}
