import type { Container, Engine } from '../engine/engine.ts';
import type { Live } from './attempt.ts';
import type { StepName } from './plan.ts';

/** They leave the container as it was. */
const unchanging: ReadonlySet<StepName> = new Set([
  'pullImage',
  'prepareWorkspace',
  'noteRunning',
  'readEnd',
  'collectLog',
  'settleArtifacts',
  'noteRerun',
  'beginRerun',
  'endRerun',
  'killRerun',
]);
/** What was seen longer ago is looked at again (ms). Should it have changed in between, an event has woken the driver, which then looks again before it sleeps. */
const freshFor = 100;

/**
 * A driver's look at its container. The engine is not asked again within one breath: about what a step has left as it was a moment ago, or what the step has
 * itself just made of it (`live.made`). After every pause it is asked.
 */
export function createLook(engine: Pick<Engine, 'inspect'>, live: Pick<Live, 'made'>) {
  let last: { container: Container | null; at: number } | null = null;
  return {
    async at(name: string): Promise<Container | null> {
      if (last && performance.now() - last.at < freshFor) return last.container;
      const at = performance.now();
      const container = await engine.inspect(name);
      last = { container, at };
      return container;
    },
    after(step: StepName): void {
      if (live.made) last = { container: live.made.container, at: performance.now() };
      else if (!unchanging.has(step)) last = null;
      live.made = null;
    },
    forget(): void {
      last = null;
      live.made = null;
    },
  };
}
