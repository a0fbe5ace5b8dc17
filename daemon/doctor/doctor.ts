import type { Check } from '../../shared/api.ts';
import { messageOf } from '../../shared/result.ts';
import { problem } from './check.ts';
import { checkBaseImage, checkContainers, checkEngine, checkMemoryLimits, checkRootless, checkWorkspaces } from './engine-checks.ts';
import type { Answer } from './engine-checks.ts';
import { checkDriver, checkGpus, checkToolkit } from './gpu-checks.ts';
import { checkDisk, checkGit, checkHome, checkNode } from './machine-checks.ts';
import type { DoctorParts } from './parts.ts';

export { doctorParts } from './parts.ts';

/**
 * Looks at everything that a run needs and says how to mend what is wrong. What cannot be known without the engine is left out when the engine does not
 * answer. A look that fails unexpectedly is an error of that check, never an exception.
 */
export async function diagnose(parts: DoctorParts): Promise<Check[]> {
  const info = await ask(() => parts.info());
  // nvidia-smi may take seconds: once is enough
  const facts = parts.facts();
  facts.catch(() => null);
  const attach = info.kind === 'answered' ? await parts.attach(info.value).catch(() => null) : null;
  const [home, disk, git, trials, driver, health, toolkit] = await Promise.all([
    look('home', async () => {
      const { mode, writable } = await parts.homeState();
      return checkHome(parts.home, mode, writable, await parts.fileSystem());
    }),
    look('disk', async () => checkDisk((await facts).freeDisk, parts.config.minFreeDisk)),
    look('git', async () => checkGit(await parts.gitVersion())),
    info.kind === 'answered' ? engineTrials(parts) : Promise.resolve([]),
    look('gpu driver', async () => checkDriver(await facts, await parts.nvidiaCards(), attach)),
    look('gpus', async () => {
      const seen = await facts;
      return seen.gpus.length === 0 ? null : checkGpus(seen, await parts.gpuStates());
    }),
    look('gpu toolkit', async () => {
      if (!attach) return null;
      return checkToolkit((await facts).gpus.length, attach, await parts.toolkitInstalled());
    }),
  ]);
  const rootless = info.kind === 'answered' ? checkRootless(info.value) : null;
  const all = [
    checkNode(parts.nodeVersion),
    home,
    disk,
    git,
    checkEngine(parts.endpoint, info),
    rootless,
    ...trials,
    driver,
    health,
    toolkit,
  ];
  return all.filter((check) => check !== null);
}

async function engineTrials(parts: DoctorParts): Promise<(Check | null)[]> {
  const { images, defaultPython } = parts.config;
  const base = images[defaultPython] ?? `python:${defaultPython}`;
  const present = await ask(() => parts.hasImage(base));
  const image = await anyImage(parts, base);
  const attempt = <T>(of: (image: string) => Promise<T>): Promise<Answer<T>> =>
    image === null ? Promise.resolve({ kind: 'unknown' }) : ask(() => of(image));
  // one after the other: what is wrong with the second would else be told of the first
  const trial = await attempt((of) => parts.trial(of));
  const overlay = await attempt((of) => parts.overlay(of));
  return [
    checkContainers(trial, base),
    checkMemoryLimits(trial),
    await look('workspaces', async () => checkWorkspaces(parts.home, await parts.fileSystem(), overlay, base)),
    checkBaseImage(defaultPython, base, present),
  ];
}

/** The first image that is here: that of the default Python, of another, or one that runs have used. */
async function anyImage(parts: DoctorParts, base: string): Promise<string | null> {
  const others = await parts.otherImages().catch(() => []);
  for (const image of new Set([base, ...Object.values(parts.config.images), ...others])) {
    if (await parts.hasImage(image).catch(() => false)) return image;
  }
  return null;
}

async function ask<T>(question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { kind: 'answered', value: await question() };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

async function look(name: string, check: () => Promise<Check | null>): Promise<Check | null> {
  try {
    return await check();
  } catch (error) {
    return problem(name, `This could not be checked: ${messageOf(error)}`, 'dstack daemon logs');
  }
}
