/**
 * Builds one stage of an environment: a container from the image before, the run's workspace at /workflow, its output in the run's log; then its image, and the container
 * goes. One at a time builds an environment: others wait for it. A daemon that was killed finds the container by its name: the attempt that began it goes on with it.
 */
import { FailureError, messageOf, unwrap } from '../../../shared/result.ts';
import { firstLine } from '../../../shared/units.ts';
import { EngineError, labels, type Container } from '../../engine/engine.ts';
import type { Stage } from '../../environments/stages.ts';
import { specOf, type Attempt } from '../attempt.ts';
import { buildContainer, builderOf, buildFolder, buildName, prepareBuild } from './build-parts.ts';
import { beginBuild, limitBuild } from './build-time.ts';
import { discardBuild, isPreparing } from './discard-builds.ts';
import { holdMounts, releaseMounts } from '../hold-mounts.ts';
import { keepStage } from './keep-stage.ts';
import { wait } from '../engine-monitor.ts';
import type { ControlParts } from '../parts.ts';
import { endWith } from '../steps/end-with.ts';
import { serverMountOf } from '../steps/provide-server.ts';
import { openRecording } from '../steps/recording.ts';
import { dropWorkspace, refusesOverlay } from '../workspace-mount.ts';

/** How often it is looked whether another's build goes on that this process has not taken up yet (ms). */
const lookAgainAfter = 200;

/** Does what can be done now; what that came to is seen at the next look. `image`: the id of what it builds upon. */
export async function buildStage(parts: ControlParts, attempt: Attempt, stage: Stage, image: string, changed: () => void): Promise<void> {
  const { live, run, job } = attempt;
  const { building } = parts.environments;
  const interrupt = new AbortController();
  const signal = AbortSignal.any([parts.signal, interrupt.signal]);
  live.interrupt = interrupt;
  const done = Promise.withResolvers<void>();
  let ours = false;
  let unlimit = (): void => undefined;
  try {
    // asked for a moment ago, before there was something to interrupt
    if (parts.store.runs.byId(run.id)?.intent || parts.store.jobs.get(run.id, job.job, job.attempt)?.progress.preempted) return;
    const say = (doing: string): void => {
      live.doing = doing;
      changed();
    };
    const name = buildName(parts.installation, stage.key);
    const found = await parts.engine.inspect(name);
    const own = found !== null && builderOf(parts.installation, found.labels) === attempt.container;
    if (found && !own && isPreparing(parts, found.labels)) {
      say(`waits for the environment that ${found.labels[labels.run]} builds`);
      return await wait(lookAgainAfter, signal);
    }
    const other = building.get(stage.key);
    if (other) {
      say(`waits for the environment that ${other.run} builds`);
      return await Promise.race([other.done, aborted(signal)]);
    }
    building.set(stage.key, { run: run.name, done: done.promise });
    ours = true;
    const first = firstLine(stage.shown[0] ?? '');
    say(`building the environment: ${stage.shown.length === 1 ? first : `${first} and ${stage.shown.length - 1} more`}`);
    // one whose time is counted already was to be removed
    const goesOn = own && found.state.status !== 'created' && job.progress.building !== null;
    unlimit = limitBuild(parts, attempt, () => interrupt.abort());
    const ended = await (goesOn ? follow(parts, attempt, name, signal) : begin(parts, attempt, stage, image, name, signal));
    if (interrupt.signal.aborted) return await discardBuild(parts, attempt, name);
    if (ended) await keepStage(parts, attempt, stage, image, ended, name);
  } finally {
    unlimit();
    live.interrupt = null;
    live.doing = null;
    if (ours) building.delete(stage.key);
    done.resolve();
  }
}

/** Makes the container and follows it to its end; null: there is none (any more), and it is looked again. */
async function begin(
  parts: ControlParts,
  attempt: Attempt,
  stage: Stage,
  imageId: string,
  name: string,
  signal: AbortSignal,
): Promise<Container | null> {
  const { live } = attempt;
  await parts.engine.remove(name, true);
  const image = await parts.engine.image(imageId);
  if (!image) {
    live.image = null;
    return null;
  }
  const folder = buildFolder(parts.home, attempt.id);
  await beginBuild(parts, attempt);
  await prepareBuild(parts, attempt, stage, image, folder);
  const recording = openRecording(parts, attempt);
  await recording.setApart();
  const { mounts } = specOf(attempt);
  try {
    const held = unwrap(await holdMounts(parts, attempt, mounts));
    const server = await serverMountOf(parts, attempt);
    await parts.engine.create(buildContainer(parts, attempt, { key: stage.key, image, folder, mounts: [...held, ...server] }));
    const attached = await parts.engine.attach(name);
    const taken = recording.recordLive(attached.output);
    try {
      if (!signal.aborted) await parts.engine.start(name);
    } catch (error) {
      attached.close();
      throw error;
    } finally {
      await releaseMounts(parts, attempt, mounts);
    }
    const size = attempt.run.spec.terminal;
    if (size) void parts.engine.resize(name, size).catch(() => undefined);
    return await untilEnded(parts, attempt, name, taken, signal, () => attached.close());
  } catch (error) {
    return await notBuilt(parts, attempt, name, error);
  }
}

/** Goes on with one that an earlier daemon began. */
async function follow(parts: ControlParts, attempt: Attempt, name: string, signal: AbortSignal): Promise<Container | null> {
  const taken = openRecording(parts, attempt).recordFrom(await parts.engine.logs(name, true, signal));
  return untilEnded(parts, attempt, name, taken, signal, () => undefined);
}

async function untilEnded(
  parts: ControlParts,
  attempt: Attempt,
  name: string,
  taken: Promise<{ complete: boolean }>,
  signal: AbortSignal,
  close: () => void,
): Promise<Container | null> {
  try {
    await parts.engine.wait(name, signal);
  } catch (error) {
    close();
    if (signal.aborted) return null;
    throw error;
  }
  const container = await parts.engine.inspect(name);
  if (!container) return null;
  // the engine's own record has what a lost connection, or a full disk, kept from us
  if (!(await taken).complete) await openRecording(parts, attempt).recordFrom(await parts.engine.logs(name, false, parts.signal));
  return container;
}

/** What it means that the container could not be made or started; what may pass is thrown. */
async function notBuilt(parts: ControlParts, attempt: Attempt, name: string, error: unknown): Promise<null> {
  const { live } = attempt;
  if (error instanceof FailureError) endWith(parts, attempt, 'environment', error.failure.message);
  else if (!(error instanceof EngineError) || error.kind === 'unreachable' || error.kind === 'conflict') throw error;
  else if (error.kind === 'not_found') live.image = null;
  else if (error.kind === 'no_space') endWith(parts, attempt, 'disk_full', `the engine's disk is full: ${error.message}`);
  else if (refusesOverlay(attempt, error)) {
    parts.overlay.refused(error.message);
    await discardBuild(parts, attempt, name);
    await dropWorkspace(parts, attempt);
    return null;
  } else endWith(parts, attempt, 'environment', `cannot build the environment: ${messageOf(error)}`);
  await discardBuild(parts, attempt, name);
  return null;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
