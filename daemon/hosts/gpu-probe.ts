import { readdir } from 'node:fs/promises';
import { moment } from '../../shared/moment.ts';
import { gpuDetails } from './gpu-details.ts';
import { busOf, parseReport, type Report } from './gpu-report.ts';
import type { Gpu, GpuProcess } from './host.ts';
import { missingGpus, type KnownGpus } from './missing-gpus.ts';
import { reportArgs } from './nvidia-smi.ts';
import { processOwners } from './process-owner.ts';
import type { RememberedGpus } from './remembered-gpus.ts';
import { runLimited } from './run-limited.ts';

export interface GpuState {
  gpus: Gpu[];
  /** when they were read (ms since 1970); null: never by this probe */
  readAt: number | null;
  /** the latest attempt to read them failed: the time of the last good one, maybe of an earlier daemon; null: it did not fail, or there was none */
  staleSince: number | null;
  /** a sentence; null: all well (but for what is said of single GPUs), or no GPU and no driver */
  problem: string | null;
}

export interface GpuProbeOptions {
  /** path or name of nvidia-smi */
  nvidiaSmi: string;
  /** milliseconds for each call; a driver in trouble lets it hang for ever */
  limitMs: number;
  /** milliseconds since 1970 */
  now(): number;
  /** for when it fails before it ever worked */
  remembered?: RememberedGpus;
  /** for tests, as all below */
  run?: typeof runLimited;
  owner?(pid: number): Promise<Pick<GpuProcess, 'user' | 'container'>>;
  /** places on the bus of the GPUs that the driver has */
  buses?(): Promise<string[]>;
}

/**
 * Reads the GPUs with nvidia-smi; to be called one at a time. No nvidia-smi: no GPU and no problem. When it does not answer, or only fails, the GPUs last
 * seen stay, with a problem that says since when; while one hangs, no other is started. A GPU that was there and is no more stays too, with its problem.
 * Where it fails from the first, the remembered ones are told.
 */
export function createGpuProbe(options: GpuProbeOptions): () => Promise<GpuState> {
  const { nvidiaSmi, limitMs, now, remembered, run = runLimited, owner = processOwners(), buses = busesOfDriver } = options;
  let last: (KnownGpus & { at: number; gpus: Gpu[] }) | null = null;
  let hanging = false;

  const ask = async (args: string[]): ReturnType<typeof runLimited> => {
    const ended = await run(nvidiaSmi, args, limitMs);
    if (ended.kind !== 'timed_out') return ended;
    hanging = true;
    void ended.gone.then(() => (hanging = false));
    return ended;
  };
  const textOf = async (args: string[]): Promise<string> => {
    const ended = hanging ? null : await ask(args);
    return ended?.kind === 'exited' ? ended.output : '';
  };
  const detailed = gpuDetails({ ask: textOf, owner });

  const stale = async (problem: string): Promise<GpuState> => {
    const seenLast = last ?? (await remembered?.read()) ?? null;
    if (!seenLast) return { gpus: [], readAt: null, staleSince: null, problem: `${problem}.` };
    return {
      gpus: seenLast.gpus,
      readAt: last?.at ?? null,
      staleSince: seenLast.at,
      problem: `${problem}; the GPUs are as last seen, stale since ${moment(new Date(seenLast.at).toISOString())}.`,
    };
  };
  const notAnswering = (): Promise<GpuState> => stale(`nvidia-smi did not answer within ${limitMs / 1000} s`);

  /** One that is lost can keep nvidia-smi from looking at the others: they are asked for by their places on the bus. */
  const reportOnOthers = async (output: string): Promise<Report | null> => {
    const bad = busOf(output);
    const others = bad === '' ? [] : (await buses()).filter((bus) => busOf(bus) !== bad);
    return others.length === 0 ? null : parseReport(await textOf(reportArgs(others)));
  };

  const seen = async (report: Report, said: string, at: number, failed: boolean): Promise<GpuState> => {
    const found = await detailed(report.gpus, report.driver);
    const missing = last ? missingGpus(last, report.gpus, said) : [];
    const gpus = [...found, ...missing].toSorted((a, b) => a.index - b.index);
    const places = report.gpus.flatMap(({ gpu, bus }): [string, string][] => (gpu ? [[gpu.uuid, bus]] : []));
    await remembered?.note(found, at);
    last = { at, gpus, buses: new Map([...(last?.buses ?? []), ...places]), missing: new Set(missing.map(({ uuid }) => uuid)) };
    return { gpus, readAt: at, staleSince: null, problem: problemOf(report, failed ? said : '', last) };
  };

  return async () => {
    if (hanging) return notAnswering();
    const at = now();
    const ended = await ask(reportArgs());
    switch (ended.kind) {
      case 'missing':
        return last || (await remembered?.read())
          ? stale('nvidia-smi is gone')
          : { gpus: [], readAt: null, staleSince: null, problem: null };
      case 'failed':
        return stale(`nvidia-smi cannot be run (${ended.why})`);
      case 'timed_out':
        return notAnswering();
      case 'exited': {
        const report = parseReport(ended.output);
        if (report && isUsable(report)) return seen(report, tidy(report.said), at, ended.exitCode !== 0);
        const said = tidy(report ? report.said || (report.complete ? '' : 'its report is cut short') : ended.output);
        const others = await reportOnOthers(said);
        if (others && isUsable(others)) return seen(others, said, at, true);
        return stale(said ? `nvidia-smi finds no usable GPU: ${said}` : `nvidia-smi finds no GPU (exit code ${ended.exitCode})`);
      }
    }
  };
}

const isUsable = ({ gpus, complete }: Report): boolean => complete && gpus.some(({ gpu }) => gpu !== null);

/** What is wrong beside what is said of GPUs that are listed. */
function problemOf(report: Report, said: string, known: KnownGpus): string | null {
  const listed = new Set([...known.missing].map((uuid) => known.buses.get(uuid)));
  const silent = report.gpus.find(({ gpu, bus }) => gpu === null && !listed.has(bus));
  // a warning (`infoROM is corrupted at gpu …`) about one that can be read is none of ours
  for (const { gpu, bus } of report.gpus) if (gpu) listed.add(bus);
  if (said !== '' && !listed.has(busOf(said))) return `nvidia-smi cannot read every GPU: ${said}.`;
  return silent ? `nvidia-smi cannot read the GPU at ${silent.bus}: ${silent.problem}.` : null;
}

const tidy = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
    .replace(/[.\s]+$/, '');

const busesOfDriver = (): Promise<string[]> => readdir('/proc/driver/nvidia/gpus').catch(() => []);
