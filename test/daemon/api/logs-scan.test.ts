import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { ApiParts } from '../../../daemon/api/handler.ts';
import { logsScan } from '../../../daemon/api/logs-scan.ts';
import type { LogReadEvents } from '../../../daemon/logs/logs.ts';

/** A search through the logs of two runs, of which that of the first breaks as `problem` says. */
async function scanned(problem: string | undefined): Promise<{ text: string; whole: boolean; said: string }> {
  const run = (id: number) => ({ id, name: `run-${id}`, user: 'me', owner: null, shared: false, spec: { jobs: [{}] } });
  const said: string[] = [];
  const read = async ({ runId }: { runId: number }, events: LogReadEvents): Promise<void> => {
    await events.onData(Buffer.from(`of ${runId}\n`));
    events.onEnd(runId === 1 ? problem : undefined);
  };
  const api = {
    caller: { shared: false },
    logger: { warn: (details: object) => said.push(JSON.stringify(details)) },
    store: {
      runs: { ofProjectBefore: () => [run(1), run(2)] },
      jobs: { ofRun: (runId: number) => [{ runId, job: 0, attempt: 1 }] },
    },
    parts: {
      logs: { read: (id: { runId: number }, _: number, __: boolean, events: LogReadEvents) => (void read(id, events), () => undefined) },
    },
  };
  const response = Object.assign(new PassThrough(), { writeHead: () => response, flushHeaders: () => undefined });
  let text = '';
  response.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const closed = new Promise((resolve) => response.once('close', resolve));
  await logsScan.stream(api as unknown as ApiParts, { projectDir: '/p' }, {} as never, response as unknown as ServerResponse);
  await closed;
  return { text, whole: response.readableEnded, said: said.join() };
}

test('a search that could not read everything does not end as one that did', async () => {
  expect(await scanned(undefined)).toMatchObject({ text: expect.stringContaining('of 2\n'), whole: true, said: '' });
  const broken = await scanned('EIO: i/o error');
  expect(broken).toMatchObject({ text: expect.stringContaining('of 2\n'), whole: false });
  expect(broken.said).toContain('"runId":1');
  expect(broken.said).toContain('EIO');
});
