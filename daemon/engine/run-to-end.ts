import { text } from 'node:stream/consumers';
import { EngineError, type ContainerSpec, type Engine } from './engine.ts';

type Parts = Pick<Engine, 'create' | 'start' | 'wait' | 'logs' | 'remove'>;

/** Runs a helper container (docblock of Engine.runToEnd). One that an earlier daemon left under this name is thrown away first. */
export async function runToEnd(engine: Parts, spec: ContainerSpec, timeoutMs: number): Promise<{ exitCode: number; output: string }> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    let made = await engine.create(spec);
    if (!made.created) {
      await engine.remove(spec.name, true);
      made = await engine.create(spec);
    }
    await engine.start(made.id);
    const exitCode = await engine.wait(made.id, late);
    if (exitCode === null) throw new EngineError('not_found', `the helper container ${spec.name} was removed while it ran`);
    return { exitCode, output: await text(await engine.logs(made.id, false, late)) };
  } catch (error) {
    if (late.aborted) throw new EngineError('other', `the helper container ${spec.name} did not end within ${timeoutMs / 1000} s`);
    throw error;
  } finally {
    // what went wrong above says more than that the removal failed too; `list` shows what is left
    await engine.remove(spec.name, true).catch(() => {});
  }
}
