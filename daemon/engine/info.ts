import type { Connection } from './connection.ts';
import { EngineError, type EngineInfo } from './engine.ts';

/** The part of the engine's description of itself that is used. */
interface Info {
  ID: string;
  ServerVersion: string;
  OperatingSystem: string;
  NCPU: number;
  MemTotal: number;
  DockerRootDir: string;
  SecurityOptions?: string[] | null;
  DefaultRuntime?: string;
  Runtimes?: Record<string, unknown>;
  CDISpecDirs?: string[] | null;
  Labels?: string[] | null;
}

/** What the engine says of itself and its machine. */
export async function engineInfo(connection: Connection): Promise<EngineInfo> {
  const [info, epoch] = await Promise.all([connection.ask<Info>({ method: 'GET', path: '/info' }), engineEpoch(connection)]);
  return {
    // two engines of one machine may share the key that the first part is made of (Docker 20.10: /etc/docker/key.json)
    id: `${info.ID} ${info.DockerRootDir}`,
    version: info.ServerVersion,
    epoch,
    operatingSystem: info.OperatingSystem,
    cpus: info.NCPU,
    memory: info.MemTotal,
    rootDir: info.DockerRootDir,
    rootless: (info.SecurityOptions ?? []).some((option) => option.split(',').includes('name=rootless')),
    defaultRuntime: info.DefaultRuntime ?? '',
    runtimes: Object.keys(info.Runtimes ?? {}),
    cdi: (info.CDISpecDirs ?? []).length > 0,
    cdiSpecDirs: info.CDISpecDirs ?? [],
    labels: info.Labels ?? [],
  };
}

/** docblock of EngineInfo.epoch */
export async function engineEpoch(connection: Connection): Promise<string> {
  try {
    return (await connection.ask<{ Created: string }>({ method: 'GET', path: '/networks/bridge', fresh: true })).Created;
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'not_found') return '';
    throw error;
  }
}
