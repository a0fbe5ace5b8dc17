import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createDockerEngine } from '../../../daemon/engine/docker.ts';
import type { HostFacts } from '../../../daemon/hosts/host.ts';
import { createLogger } from '../../../daemon/logger.ts';
import { createMeter, type Meter } from '../../../daemon/metrics/meter.ts';
import type { Store } from '../../../daemon/store/store.ts';
import { scratchDir } from '../../support/scratch.ts';
import { waitFor } from '../../support/wait-for.ts';
import { newStore, putRunning, sample } from './support.ts';

const ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

/** What a host with GPUs a and b says, both at 7 %, read just now: a stand-in for one. */
const facts = (): HostFacts => ({
  ...{ name: 'local', reachable: true, cpus: 2, memory: 8e9, freeDisk: [], gpuProblem: null, bootId: '' },
  ...{ gpusReadAt: Date.now(), gpusStaleSince: null },
  gpus: ['a', 'b'].map((uuid, index) => ({
    ...{ uuid, index, name: 'NVIDIA A100', memory: 8e10, driver: '550', computeCapability: '8.0', minor: index, mig: null, problem: null },
    ...{ memoryUsed: 1e9, utilization: 7, temperature: null, power: null, processes: [] },
  })),
});

/** The samples of a run's first attempt, as soon as there are three. */
const threeSamples = (store: Store, runId: number) =>
  waitFor(
    () => {
      const found = store.samples.ofAttempt({ runId, job: 0, attempt: 1 });
      return found.length >= 3 && found;
    },
    'three samples',
    { seconds },
  );

interface Given {
  store: Store;
  meter: Meter;
  stopped: string[];
}

function meterOn(endpoint: string, host: { facts(): Promise<HostFacts> }): Given {
  const store = newStore();
  const stopping = new AbortController();
  const stopped: string[] = [];
  const meter = createMeter({
    ...{ installation: 'x', store, host, logger: createLogger('silent'), signal: stopping.signal, now: Date.now },
    engine: createDockerEngine({ endpoint, installation: 'x' }),
    sampleEvery: () => 1,
    readEvery: () => 1,
    stopIdle: (runId, detail) => void stopped.push(`${runId} ${detail}`),
  });
  ended.push(async () => {
    stopping.abort();
    await meter.finished();
    store.close();
  });
  return { store, meter, stopped };
}

/** A server where an engine should be, and how many of its questions are open at once at most. */
async function engineThat(answers: (server: Server) => void): Promise<{ endpoint: string; most: () => number; asked: () => number }> {
  const socket = join(scratchDir('s'), 'engine.sock');
  let [open, most, asked] = [0, 0, 0];
  const server = createServer((request, response) => {
    asked++;
    most = Math.max(most, ++open);
    response.on('close', () => open--);
    if (server.listenerCount('question') > 0) server.emit('question', request, response);
  });
  answers(server);
  server.listen(socket);
  await once(server, 'listening');
  ended.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { endpoint: `unix://${socket}`, most: () => most, asked: () => asked };
}

const seconds = 60;

describe('the meter', () => {
  test('asks an engine that hangs one question for each job at a time, and goes on with the GPUs', async () => {
    const mute = await engineThat(() => {});
    const { store, meter } = meterOn(mute.endpoint, { facts: async () => facts() });
    const runs = ['a', 'b'].map((uuid, i) => putRunning(store, `a-b-${i}`, 'me', Date.now() - 1000, [uuid]));
    meter.wake();
    for (const runId of runs) {
      const samples = await threeSamples(store, runId);
      for (const one of samples) expect(one).toMatchObject({ cpu: null, memory: null, gpus: [{ utilization: 7, memory: 1e9 }] });
    }
    expect(mute.asked()).toBeGreaterThan(4);
    expect(mute.most()).toBe(2);
    expect(meter.gpuName('b')).toBe('NVIDIA A100');
  });

  test('goes on with the engine while the host hangs, which it asks once', async () => {
    let cpu = 0;
    const quick = await engineThat((server) =>
      server.on('question', (_, response: ServerResponse) => {
        response.setHeader('content-type', 'application/json');
        const cpuStats = { cpu_usage: { total_usage: (cpu += 1e9) } };
        response.end(JSON.stringify({ read: new Date().toISOString(), cpu_stats: cpuStats, memory_stats: { usage: 5 } }));
      }),
    );
    let asked = 0;
    const { store, meter } = meterOn(quick.endpoint, { facts: () => (asked++, new Promise(() => {})) });
    const runId = putRunning(store, 'a-b-1', 'me', Date.now(), ['a']);
    meter.wake();
    const samples = await threeSamples(store, runId);
    for (const one of samples) expect(one).toMatchObject({ memory: 5, gpus: [{ utilization: null, memory: null }] });
    expect(samples.at(-1)?.cpu).toBeGreaterThan(0);
    expect(asked).toBe(1);
  });

  test('rests when nothing runs, and begins again when it is woken', async () => {
    const mute = await engineThat(() => {});
    const { store, meter } = meterOn(mute.endpoint, { facts: async () => facts() });
    meter.wake();
    await meter.finished();
    const runId = putRunning(store, 'a-b-1', 'me', Date.now(), ['a']);
    meter.wake();
    await waitFor(() => store.samples.runs().includes(runId), 'a sample', { seconds });
  });

  test('says since when the GPUs of a job have been idle, from what an earlier daemon saw too', async () => {
    const idle = async (): Promise<HostFacts> => ({ ...facts(), gpus: facts().gpus.map((gpu) => ({ ...gpu, utilization: 1 })) });
    const mute = await engineThat(() => {});
    const { store, meter, stopped } = meterOn(mute.endpoint, { facts: idle });
    const minute = 60_000;
    const since = Date.now() - 40 * minute;
    const [long, short] = [since, since + 20 * minute].map((from, i) => {
      const runId = putRunning(store, `a-b-${i}`, 'me', since - minute, [i === 0 ? 'a' : 'b']);
      const gpus = (utilization: number) => [{ utilization, memory: null }];
      store.samples.put(sample(from - minute, minute, { runId, cpu: null, gpus: gpus(90) }));
      for (let at = from; at < Date.now() - minute; at += minute)
        store.samples.put(sample(at, minute, { runId, cpu: null, gpus: gpus(0) }));
      return runId;
    });
    const job = (runId = 0) => store.jobs.get(runId, 0, 1) ?? expect.fail('no job');
    expect(meter.idleGpuSince(job(long))).toBeNull();
    meter.wake();
    await waitFor(() => meter.idleGpuSince(job(long)), 'it to know', { seconds });
    expect(meter.idleGpuSince(job(long))).toBe(since);
    expect(meter.idleGpuSince(job(short))).toBeNull();
    expect(stopped).toEqual([]);
  });
});
