import { setTimeout as delay } from 'node:timers/promises';
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { Connection } from './connection.ts';
import { EngineError, labels, type ContainerSpec, type Engine, type EngineErrorKind } from './engine.ts';
import { containerOf } from './inspect.ts';
import { createBody } from './spec.ts';
import { checkOverlay } from './volumes.ts';

type Verbs = Pick<Engine, 'create' | 'inspect' | 'start' | 'kill' | 'exec' | 'remove' | 'resize' | 'list' | 'gpuContainers'>;

/** What is done to containers, each a quick call. */
export function containerVerbs(connection: Connection): Verbs {
  const inspect: Verbs['inspect'] = async (name) => {
    const found = await but<ContainerInspectInfo | null>(
      ['not_found'],
      null,
      connection.ask({ method: 'GET', path: `/containers/${name}/json` }),
    );
    return found && containerOf(found);
  };

  const remove: Verbs['remove'] = async (name, force) => {
    // `v`: the anonymous volumes that the image declares; named ones stay
    const removal = connection.ask<null>({ method: 'DELETE', path: `/containers/${name}`, query: { force, v: true } });
    await removal.catch((error: unknown) => {
      const gone = error instanceof EngineError && (error.kind === 'not_found' || /already in progress/.test(error.message));
      if (!gone) throw error;
    });
  };

  return {
    inspect,
    remove,

    async create(spec) {
      const body = createBody(spec);
      for (let tries = 0; ; tries++) {
        try {
          const made = await connection.ask<{ Id: string }>({
            method: 'POST',
            path: '/containers/create',
            query: { name: spec.name },
            body,
          });
          await checkOverlays(connection, spec, () => remove(made.Id, true));
          return { id: made.Id, created: true };
        } catch (error) {
          if (!(error instanceof EngineError && error.kind === 'conflict')) throw error;
          const existing = await inspect(spec.name);
          if (existing) return { id: existing.id, created: false };
          // its name is taken, but it cannot be seen: the engine is making or removing it; asked again, but not forever (10 s)
          if (tries === 100) throw error;
          await delay(100);
        }
      }
    },

    async start(name) {
      await connection.ask({ method: 'POST', path: `/containers/${name}/start` });
    },

    async kill(name, signal) {
      await but(['conflict', 'not_found'], null, connection.ask({ method: 'POST', path: `/containers/${name}/kill`, query: { signal } }));
    },

    async exec(name, command, user) {
      const made = await but<{ Id: string } | null>(
        ['conflict', 'not_found'],
        null,
        connection.ask({
          method: 'POST',
          path: `/containers/${name}/exec`,
          body: { Cmd: command, Detach: true, ...(user !== undefined && { User: user }) },
        }),
      );
      if (made === null) return;
      await but(
        ['conflict', 'not_found'],
        null,
        connection.ask({ method: 'POST', path: `/exec/${made.Id}/start`, body: { Detach: true } }),
      );
    },

    async resize(name, size) {
      const query = { h: size.rows, w: size.columns };
      await but(['conflict', 'not_found'], null, connection.ask({ method: 'POST', path: `/containers/${name}/resize`, query }));
    },

    async list(installation) {
      const filters = JSON.stringify({ label: [`${labels.installation}=${installation}`] });
      const found = await connection.ask<ContainerInfo[]>({ method: 'GET', path: '/containers/json', query: { all: true, filters } });
      return found.map((one) => ({ id: one.Id, name: nameOf(one), labels: one.Labels }));
    },

    async gpuContainers() {
      const filters = JSON.stringify({ label: [labels.gpus] });
      const found = await connection.ask<ContainerInfo[]>({ method: 'GET', path: '/containers/json', query: { all: true, filters } });
      return found.map((one) => {
        const running = ['running', 'paused', 'restarting'].includes(one.State);
        // one under removal is never started any more
        return {
          id: one.Id,
          name: nameOf(one),
          labels: one.Labels,
          imageId: one.ImageID,
          running,
          live: running || one.State === 'created',
        };
      });
    },
  };
}

const nameOf = (one: ContainerInfo): string => (one.Names[0] ?? '').replace(/^\//, '');

async function checkOverlays(connection: Connection, spec: ContainerSpec, undo: () => Promise<void>): Promise<void> {
  try {
    await Promise.all(spec.mounts.flatMap((mount) => (mount.type === 'overlay' ? [checkOverlay(connection, mount)] : [])));
  } catch (error) {
    await undo();
    throw error;
  }
}

/** The answer, or `instead` where the engine refused in one of these ways. */
async function but<T>(kinds: EngineErrorKind[], instead: T, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof EngineError && kinds.includes(error.kind)) return instead;
    throw error;
  }
}
