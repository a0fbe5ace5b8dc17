/**
 * A test double of the daemon: a real HTTP and WebSocket server on the socket of a home of its own, which answers with objects of the contract
 * that the test gives, and remembers what it was asked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { WebSocketServer, type WebSocket } from 'ws';
import { routes, type LogEvent, type Run, type RunDetail, type Verb } from '../../../shared/api.ts';
import type { Failure } from '../../../shared/result.ts';
import { socketPath } from '../../../shared/socket.ts';
import { ownVersion, versionHeader } from '../../../shared/version.ts';
import { command, type Finished } from '../../support/command.ts';
import { scratchDir } from '../../support/scratch.ts';

export const root = join(import.meta.dirname, '../../..');
export const node = join(root, 'node_modules/node/bin/node');
export const cliMain = join(root, 'cli/main.ts');

export interface Asked {
  verb: Verb;
  params: Record<string, unknown>;
  version: string | undefined;
}

/** What a verb is answered with: a value (status 200), or a failure made by `refuse`. */
export type Answer = (params: Record<string, unknown>, response: ServerResponse) => unknown;
export type Logs = (log: LogSocket, query: URLSearchParams) => void | Promise<void>;

export interface LogSocket {
  tell(event: LogEvent): void;
  /** resolves when they are on their way */
  bytes(data: string | Buffer): Promise<void>;
  drop(): void;
  close(code: number): void;
}

class Refusal {
  readonly failure: Failure;
  constructor(failure: Failure) {
    this.failure = failure;
  }
}
export const refuse = (code: string, message: string, more: object = {}): Refusal => new Refusal({ code, message, ...more });
/** The answer has been written by the handler itself. */
export const written = Symbol('written');

export interface DaemonDouble extends AsyncDisposable {
  home: string;
  asked: Asked[];
  answers: Partial<Record<Verb, Answer>>;
  logs: Logs;
  version: string;
  /** the environment of a command line that speaks to it */
  env: NodeJS.ProcessEnv;
  cli(args: string[], options?: { cwd?: string; input?: string; env?: NodeJS.ProcessEnv }): Promise<Finished>;
  close(): Promise<void>;
}

const table = (Object.keys(routes) as Verb[]).map((verb) => ({
  verb,
  ...routes[verb],
  pattern: new RegExp(`^${routes[verb].path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
}));

export async function daemonDouble(answers: DaemonDouble['answers'] = {}, home = join(scratchDir('d'), 'h')): Promise<DaemonDouble> {
  mkdirSync(home, { recursive: true });
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    DSTACK_HOME: home,
    TZ: 'UTC',
    LANG: 'C.UTF-8',
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/dstack'),
  };
  const double: DaemonDouble = {
    home,
    asked: [],
    answers,
    logs: (log) => log.tell({ type: 'end', run: aRun({ status: 'done', exitCode: 0 }) }),
    version: ownVersion(),
    env,
    cli: (args, options = {}) =>
      command(node, [cliMain, ...args], {
        cwd: options.cwd ?? home,
        env: { ...env, ...options.env },
        ...(options.input !== undefined && { input: options.input }),
      }),
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    [Symbol.asyncDispose]: () => double.close(),
  };
  const server = createServer((request, response) => void serve(double, request, response));
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(
      request,
      socket,
      head,
      (client) => void double.logs(logSocket(client), new URL(request.url ?? '', 'http://d').searchParams),
    );
  });
  await new Promise<void>((resolve) => server.listen(socketPath(home), resolve));
  return double;
}

async function serve(double: DaemonDouble, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://d');
  response.setHeader(versionHeader, double.version);
  const route = table.find(({ method, pattern }) => method === request.method && pattern.test(url.pathname));
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts).toString();
  const params = {
    ...route?.pattern.exec(url.pathname)?.groups,
    ...(body ? (JSON.parse(body) as object) : Object.fromEntries(url.searchParams)),
  };
  if (route) double.asked.push({ verb: route.verb, params, version: request.headers[versionHeader] as string | undefined });
  const answer =
    route && double.answers[route.verb]
      ? await double.answers[route.verb]?.(params, response)
      : refuse('no_such_route', `the double has no answer to ${url.pathname}`);
  if (answer === written) return;
  const text = JSON.stringify(answer instanceof Refusal ? answer.failure : answer);
  // as the daemon does: its clients know by it that the answer is whole
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(answer instanceof Refusal ? 400 : 200, headers);
  response.end(text);
}

const logSocket = (client: WebSocket): LogSocket => ({
  tell: (event) => client.send(JSON.stringify(event)),
  bytes: (data) => new Promise((resolve) => client.send(Buffer.from(data), { binary: true }, () => resolve())),
  drop: () => client.terminate(),
  close: (code) => client.close(code),
});

export const aRun = (over: Partial<Run> = {}): Run => ({
  name: 'calm-otter-3',
  workflow: 'train',
  provider: 'bash',
  project: 'lab/mnist',
  user: 'ada',
  status: 'running',
  reason: null,
  exitCode: null,
  tags: [],
  host: 'local',
  gpus: [],
  artifacts: ['model'],
  urls: [],
  attempt: 1,
  priority: 0,
  interruptible: false,
  wants: '1 GPU A100, 2 cores, 4 GB memory',
  position: null,
  waitingSince: null,
  submittedAt: new Date(Date.now() - 185_000).toISOString(),
  startedAt: null,
  finishedAt: null,
  ...over,
});

export const aRunDetail = (over: Partial<RunDetail> = {}): RunDetail => ({
  ...aRun(),
  gpuNumbers: [],
  retry: 0,
  attempts: [],
  waiting: null,
  projectDir: '/home/ada/mnist',
  args: ['--epochs', '3', 'two words'],
  resources: { cpu: 2, memory: 4e9, shmSize: null, gpu: { count: 1, name: 'A100', memory: null }, interruptible: false },
  image: 'python:3.11',
  imageDigest: 'sha256:abc',
  environmentKey: null,
  snapshot: { tree: 'f00d', commit: '0123456789abcdef', branch: 'main', dirty: true },
  deps: [{ kind: 'tag', project: 'lab/mnist', name: 'data', run: 'red-fox-1' }],
  mounts: ['/data:/data:ro'],
  commands: ['pip install x', 'python train.py'],
  env: { A: '1' },
  driver: null,
  interruptible: false,
  maxDuration: 5400,
  idleTimeout: 1800,
  inactivityDuration: null,
  restartOf: null,
  ...over,
});
