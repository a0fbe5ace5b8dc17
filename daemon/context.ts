/** The one place that composes the daemon; tests override parts of it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:http';
import { readConfig } from '../shared/config-file.ts';
import { fail, ok, type Result } from '../shared/result.ts';
import { ownVersion } from '../shared/version.ts';
import { createActivity } from './activity/activity.ts';
import { noteFreed } from './api/audit.ts';
import type { ApiParts } from './api/handler.ts';
import { createApiServer } from './api/server.ts';
import { createArtifacts } from './artifacts/create-artifacts.ts';
import { createRootHelper } from './artifacts/root-helper.ts';
import { memoryReleaser } from './release-memory.ts';
import { readCertificates } from './control/certificates.ts';
import { createClaims, neededGpus } from './control/claims/claims.ts';
import { createControl, type Control } from './control/control.ts';
import { monitorEngine, wait } from './control/engine-monitor.ts';
import { configReloader } from './control/config-reloader.ts';
import { createGate } from './control/gate.ts';
import { createDecayedUsage } from './control/queue/fair-share.ts';
import { collectGarbage, diskUse } from './control/garbage.ts';
import type { ControlParts } from './control/parts.ts';
import { stateFolders } from './control/state-folder.ts';
import { tokenOf } from './control/submit/run-token.ts';
import { viewRun } from './control/view/view.ts';
import { createSuspects } from './control/claims/suspects.ts';
import { sweep } from './control/sweep.ts';
import { checkNotify } from './doctor/check-notify.ts';
import { diagnose, doctorParts } from './doctor/doctor.ts';
import { createDockerEngine, findEndpoint } from './engine/docker.ts';
import { createDownloads } from './environments/downloads.ts';
import { createEnvironments } from './environments/environments.ts';
import { createLocalHost } from './hosts/local.ts';
import { attachMethod, toolkitPlaces } from './hosts/toolkit.ts';
import { createLogger, type Logger } from './logger.ts';
import { createLogs } from './logs/file-logs.ts';
import { createMeter } from './metrics/meter.ts';
import { createNotify } from './notify/notify.ts';
import { createDiskUse } from './policy/disk-use.ts';
import { createPolicy } from './policy/policy.ts';
import { untilMended } from './policy/until-mended.ts';
import { createSecretBox } from './secrets/box.ts';
import { ownServerFinder } from './servers/own-server.ts';
import { createServers } from './servers/servers.ts';
import { createSessions } from './sessions/sessions.ts';
import { createSnapshots } from './snapshots/create-snapshots.ts';
import { overlaySafe } from './snapshots/overlay-safe.ts';
import { openStore } from './store/store.ts';
import type { UserAccount } from './users/accounts.ts';
import type { Watching } from './watching/watching.ts';
import { createSlots } from './users/slots.ts';

/** How long a start waits for the engine to say which one it is (ms); one that hangs is not waited for longer. */
const patience = 5_000;
/** Of one user. */
const uploadsAtOnce = 2;

export interface Daemon {
  /** for the daemon's own user */
  server: Server;
  /** for the same, whose commands run on another machine */
  elsewhere: Server;
  /** for one of several users */
  serverFor(user: UserAccount): Server;
  logger: Logger;
  /** reads the policy again; a failure is what is wrong with it */
  reloadPolicy(): Promise<Result<void>>;
  control: Control;
  /** whether this may be the daemon of what is under way; a failure says why not */
  check(): Promise<Result<void>>;
  /** takes up what is in the store; resolves when the engine has been asked once */
  begin(): Promise<void>;
  /** lets go of everything; containers go on */
  end(): Promise<void>;
}

/**
 * Everything under `home` opened and put together, nothing started. `shared`: for all users of the machine, with these files of policy, the first of which
 * that is there holds. Fails as readConfig and openStore do.
 */
export async function composeDaemon(
  home: string,
  signal: AbortSignal,
  stop: () => void,
  shared: { policyFiles: string[] } | null = null,
): Promise<Result<Daemon>> {
  const logger = createLogger(process.env['DSTACK_LOG'] ?? 'info');
  const read = await readConfig(home);
  if (!read.ok) return read;
  const config = read.value;
  const policy = createPolicy([...(shared?.policyFiles ?? []), join(home, 'policy.yaml')]);
  const lawful = await policy.reload();
  // who looks and stops shall not be locked out by a typing error
  if (!lawful.ok) logger.error({ why: lawful.failure.message }, 'nothing starts before the policy is mended');
  const folder = (name: string): string => {
    const path = join(home, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const databaseFile = join(folder('store'), 'dstack.db');
  const opened = openStore(databaseFile);
  if (!opened.ok) return opened;
  const store = opened.value;
  const known = store.meta.get('installation');
  const installation = known ?? randomBytes(4).toString('hex');
  // written once: a daemon must be able to start on a full disk, to say so
  if (known === null) store.meta.put('installation', installation);

  const engine = createDockerEngine({ endpoint: findEndpoint(process.env), installation });
  const { uid, gid, username, homedir } = userInfo();
  const images = async (): Promise<string[]> => [
    ...new Set([...store.jobs.open().flatMap((job) => job.progress.image?.id ?? []), ...Object.values(config.images)]),
  ];
  const asRoot = createRootHelper({ engine, images, installation, owner: { uid, gid } });
  const artifacts = createArtifacts({ dir: folder('artifacts'), owner: { uid, gid }, asRoot });
  const snapshots = createSnapshots({
    dir: folder('snapshots'),
    workspacesDir: folder('workspaces'),
    treesDir: folder('trees'),
    warnBytes: () => config.snapshot.warnBytes,
    maxBytes: () => config.snapshot.maxBytes,
    deleteAsRoot: (path) => asRoot('delete', path),
  });
  const secrets = createSecretBox(join(home, 'secrets.key'));
  const sessions = createSessions({ engine, dir: join(home, 'sessions'), logger });

  const claims = createClaims({ engine, installation, user: username, claimTimeout: () => config.gpus.claimTimeout, logger });
  let control: Control | null = null;
  const monitor = monitorEngine({
    engine,
    installation,
    logger,
    signal,
    onContainer: (name, action) => {
      if (action === 'destroy' && claims.removed(name)) void claims.reconcile(neededGpus(store));
      else control?.wakeContainer(name);
    },
    onChange: () => {
      control?.wakeAll();
      control?.reschedule();
      void sessions.recover();
    },
  });
  const decayedUsage = createDecayedUsage(store);
  const meter = createMeter({
    installation,
    store,
    engine,
    host: { facts: () => host.facts() },
    logger,
    signal,
    now: Date.now,
    sampleEvery: () => config.sampleEvery,
    readEvery: () => config.gpus.readEvery,
    stopIdle: (runId, detail) => control?.endByItself(runId, 'idle_timeout', detail),
  });
  const logs = createLogs({ dir: folder('logs'), now: Date.now });
  const activity = createActivity({
    ...{ installation, store, engine, logs, logger, signal },
    tokenOf: (run) => {
      const token = tokenOf(secrets, run);
      return token.ok ? token.value : null;
    },
    gpuWork: (job) => meter.gpuWork(job),
    end: (runId, detail) => control?.endByItself(runId, 'inactivity', detail),
    changed: (runId) => control?.changes.notify(runId),
  });
  let noOverlay: string | null = overlaySafe(home) ? null : 'its path';
  const inUse = new Set<number>();
  const parts: ControlParts = {
    home,
    installation,
    store,
    engine,
    monitor,
    snapshots,
    environments: createEnvironments({ engine, store, installation, logger, config, now: Date.now }),
    downloads: createDownloads(join(home, 'cache'), (path) => asRoot('delete', path)),
    artifacts,
    logs,
    states: stateFolders(folder('states')),
    claims,
    hosts: () => [host.name],
    gpus: {
      of: async () => (await host.facts()).gpus,
      known: async () => (await host.facts({ anyGpus: true })).gpus,
      problem: async () => (await host.facts()).gpuProblem,
      haveFiles: () => !existsSync('/dev/dxg'),
      suspects: createSuspects(),
      attach: async () => {
        const state = monitor.state();
        return attachMethod(state.status === 'reachable' ? state.info : await engine.info(), toolkitPlaces(), config.gpus.attach);
      },
    },
    config,
    policy,
    diskUse: createDiskUse(store, artifacts, inUse),
    logger,
    secretsOf: (project) => {
      const values: Record<string, string> = {};
      for (const secret of store.secrets.list(project)) {
        const value = secrets.open(secret.sealed, `${project}/${secret.name}`);
        if (!value.ok) return value;
        values[secret.name] = value.value;
      }
      return ok(values);
    },
    secretBox: secrets,
    deleteAsRoot: (path) => asRoot('delete', path),
    overlay: {
      allowed: () => {
        const state = monitor.state();
        return noOverlay === null && !(state.status === 'reachable' && state.info.rootless);
      },
      refused: (why) => {
        logger.warn({ why }, 'the engine refuses overlay workspaces: copies are made from now on');
        noOverlay = why;
      },
    },
    certificates: () => readCertificates(config.caCertificates),
    servers: createServers({ dir: folder('servers'), config: () => config.code, hasOwn: ownServerFinder(engine), arch: process.arch }),
    signal,
    inUse,
    gate: createGate(),
    meter,
    activity,
    watch: (run) => {
      if (run.spec.watch && !run.spec.watch.byClient) void watching().then((one) => one.begin(run));
    },
    usage: () => decayedUsage(Date.now()),
    idle: memoryReleaser(() => store.shrink()),
    now: Date.now,
  };
  const host = createLocalHost({ home, engine, config: () => config.gpus, onGpus: () => control?.reschedule() });
  const controlNow = createControl(parts, host);
  control = controlNow;
  const notify = createNotify({
    ...{ store, config, logger, signal },
    view: (runId) => {
      const run = store.runs.byId(runId);
      return run ? viewRun(store, controlNow, run) : null;
    },
    certificates: () => parts.certificates(),
    now: Date.now,
  });
  controlNow.changes.onAny(() => notify.wake());

  const ownUser = { user: username, uid, gid, home: homedir };
  let watchingSoFar: Promise<Watching> | null = null;
  // most daemons never watch anything
  const watching = (): Promise<Watching> =>
    (watchingSoFar ??= Promise.all([import('./watching/watching.ts'), import('./watching/notices.ts')]).then(([watch, notices]) =>
      watch.createWatching(
        { parts, control: controlNow, notices: notices.createNotices(controlNow) },
        { ...ownUser, admin: true, shared: shared !== null },
      ),
    ));

  const reloadOwnConfig = configReloader(home, config);
  const apiParts: Omit<ApiParts, 'caller' | 'uploads'> = {
    home,
    version: ownVersion(),
    startedAt: Date.now(),
    config,
    logger,
    store,
    control,
    parts,
    host,
    artifacts,
    secrets,
    sessions,
    watching,
    diagnose: async () => [
      ...(await diagnose(doctorParts({ home, engine, host, config, otherImages: images, gpuStates: () => controlNow.gpuStates() }))),
      ...checkNotify(config.notify.length, notify.problems()),
    ],
    diskUse: () => diskUse(parts, databaseFile),
    reloadConfig: async () => {
      const read = await reloadOwnConfig();
      notify.wake();
      return read.ok ? policy.reload() : read;
    },
    collectGarbage: (dryRun) => collectGarbage(parts, dryRun),
    stop,
  };
  const serveFor = (user: UserAccount, admin: boolean, elsewhere = false): Server =>
    createApiServer({ ...apiParts, uploads: createSlots(uploadsAtOnce), caller: { ...user, admin, shared: shared !== null, elsewhere } });
  const server = serveFor(ownUser, true);
  const collecting =
    config.gcInterval === null ? null : setInterval(() => void gcQuietly(), Math.min(config.gcInterval * 1000, 2 ** 31 - 1));
  const gcQuietly = async (): Promise<void> => {
    await collectGarbage(parts, false)
      .then((freed) => noteFreed({ store, parts }, 'daemon', freed))
      .catch((error: unknown) => logger.error({ error: String(error) }, 'gc failed'));
  };

  return ok({
    server,
    elsewhere: serveFor(ownUser, true, true),
    serverFor: (user) => serveFor(user, false),
    logger,
    reloadPolicy: () => policy.reload(),
    control,
    async check() {
      await Promise.race([monitor.ready, wait(patience, signal)]);
      const state = monitor.state();
      if (state.status !== 'reachable') return ok(undefined);
      const now = { id: state.info.id, endpoint: engine.endpoint };
      const text = store.meta.get('engine');
      const before = text === null ? null : (JSON.parse(text) as typeof now);
      if (before?.id === now.id) return ok(undefined);
      const underWay = store.jobs.open().filter((job) => job.state.status !== 'queued').length;
      if (before && underWay > 0) {
        return fail(
          'other_engine',
          `${underWay} of the runs of ${home} are under way on the container engine at ${before.endpoint}, and this one, at ${now.endpoint}, is another`,
          `Start the daemon with DOCKER_HOST=${before.endpoint}, or use another DSTACK_HOME for this engine`,
        );
      }
      store.meta.put('engine', JSON.stringify(now));
      return ok(undefined);
    },
    async begin() {
      if (policy.problem() !== null) untilMended(policy, signal, () => control?.reschedule());
      await monitor.ready;
      // before any of them ends
      notify.wake();
      controlNow.adoptOpen();
      for (const runId of new Set(store.jobs.open().map((job) => job.runId))) {
        const run = store.runs.byId(runId);
        if (run) parts.watch(run);
      }
      controlNow.reschedule();
      meter.wake();
      activity.adopt();
      void sessions.recover();
      void meter.tidy().catch((error: unknown) => logger.info({ error: String(error) }, 'tidying samples failed'));
      // leftovers of a killed daemon; the engine may be away, then the next sweep takes them
      void sweep(parts, { helpers: true }).catch((error: unknown) => logger.info({ error: String(error) }, 'sweep failed'));
    },
    async end() {
      if (collecting) clearInterval(collecting);
      await sessions.hangUp();
      if (watchingSoFar) await (await watchingSoFar).finished();
      await controlNow.finished();
      await monitor.finished;
      await meter.finished();
      await activity.finished();
      await notify.finished();
      store.close();
    },
  });
}
