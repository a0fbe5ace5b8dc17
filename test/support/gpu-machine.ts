import type { DaemonOptions } from './daemon.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { gpuStandIn, type GpuStandIn } from './gpu-stand-in.ts';

/** A machine with GPUs, made of stand-ins (gpu-stand-in.ts), with an engine of its own. */
export interface GpuMachine {
  standIn: GpuStandIn;
  engine: TestEngine;
  /** for startDaemon */
  options: Required<Pick<DaemonOptions, 'engine' | 'env'>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `hook` false: without the container toolkit's hook, only with CDI where the engine has it. */
export async function gpuMachine(gpus: number, { hook = true } = {}): Promise<GpuMachine> {
  const standIn = gpuStandIn(gpus, { hook });
  const engine = await startEngine({ env: { PATH: standIn.bin }, cdi: standIn.cdi });
  return {
    standIn,
    engine,
    options: { engine: engine.host, env: { PATH: `${standIn.bin}:${process.env['PATH']}` } },
    [Symbol.asyncDispose]: () => engine.stop(),
  };
}
