/**
 * How a VS Code server is started, as files of the attempt's state folder: `code FOLDER [ours]` is what the job runs, `gate.cjs` stands before a code-server.
 *
 * openvscode-server takes its token from a file and knows it in the URL (`tkn`). code-server has only a form to log in with; so it listens on a socket that
 * nobody else may use, and the gate, which knows the token in the URL the same way, gives a cookie for it and passes on what comes with that.
 */
import { stateMount } from './script.ts';

/** Where the server of daemon/servers is mounted. */
export const serverMount = '/opt/dstack/code';

const names = 'openvscode-server code-server';
const mounted = names
  .split(' ')
  .map((name) => `${serverMount}/bin/${name}`)
  .join(' ');

/** Shell that sets `$dstack_server` to the program that is there, the mounted one first if the word `ours` is not empty; empty: none is. */
export const findServer = (ours: string): string => `dstack_names="${names} ${mounted}" dstack_server=
if [ -n "${ours}" ]; then dstack_names="${mounted} ${names}"; fi
for dstack_name in $dstack_names; do
  if [ -z "$dstack_server" ] && command -v "$dstack_name" >/dev/null 2>&1; then dstack_server=$(command -v "$dstack_name"); fi
done`;

const startServer = `#!/bin/sh
folder=$1 port=$PORT_0 home=$(mktemp -d)
${findServer('$2')}
token=$DSTACK_CODE_TOKEN
case $dstack_server in
'')
  echo "dstack: there is no VS Code server in this container" >&2
  exit 127 ;;
*/openvscode-server)
  unset DSTACK_CODE_TOKEN
  (umask 077; printf %s "$token" >"$home/token")
  exec "$dstack_server" --host 0.0.0.0 --port "$port" --connection-token-file "$home/token" --default-folder "$folder" \\
    --telemetry-level off --accept-server-license-terms --disable-workspace-trust ;;
*)
  # the Node that code-server comes with, else that which runs it
  program=$(readlink -f "$dstack_server")
  node=node
  for one in "$(dirname "$(dirname "$program")")/lib/node" /usr/lib/code-server/lib/node; do if [ -x "$one" ]; then node=$one; break; fi; done
  exec "$node" ${stateMount}/gate.cjs "$port" "$home/code.sock" "$dstack_server" --auth none --socket "$home/code.sock" --socket-mode 600 --log warn \\
    --disable-telemetry --disable-update-check --disable-workspace-trust "$folder" ;;
esac
`;

const gate = `'use strict';
// gate.cjs PORT SOCKET PROGRAM ARGS…: starts a server on a socket, and lets in who knows the token
const { spawn } = require('node:child_process');
const { createHmac, timingSafeEqual } = require('node:crypto');
const http = require('node:http');
const net = require('node:net');

const [port, socket, program, ...args] = process.argv.slice(2);
const token = process.env.DSTACK_CODE_TOKEN || '';
delete process.env.DSTACK_CODE_TOKEN;
const pass = createHmac('sha256', token).update('cookie').digest('hex');
const same = (a, b) => Buffer.byteLength(a) === Buffer.byteLength(b) && timingSafeEqual(Buffer.from(a), Buffer.from(b));
// cookies are shared by all ports of a machine: each run has one of its own name
const cookieOf = (request) => 'dstack-code-' + (/:(\\d+)$/.exec(request.headers.host || '') || ['', '80'])[1];

function knows(request) {
  const name = cookieOf(request) + '=';
  return (request.headers.cookie || '').split(/; */).some((one) => one.startsWith(name) && same(one.slice(name.length), pass));
}

const server = http.createServer((request, response) => {
  const url = new URL(request.url || '/', 'http://gate');
  const given = url.searchParams.get('tkn');
  if (given !== null && same(given, token)) {
    url.searchParams.delete('tkn');
    response.writeHead(302, { location: url.pathname + url.search, 'set-cookie': cookieOf(request) + '=' + pass + '; Path=/; HttpOnly; SameSite=Lax' });
    response.end();
    return;
  }
  if (!knows(request)) {
    response.writeHead(401, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('Open the URL that \`dstack ps\` shows for this run: it has the token.\\n');
    return;
  }
  const onward = http.request({ socketPath: socket, method: request.method, path: request.url, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode || 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  response.on('close', () => onward.destroy());
  request.pipe(onward);
});

server.on('upgrade', (request, client, head) => {
  client.on('error', () => client.destroy());
  if (!knows(request)) return void client.end('HTTP/1.1 401 Unauthorized\\r\\nconnection: close\\r\\n\\r\\n');
  const onward = net.connect(socket, () => {
    const lines = [request.method + ' ' + request.url + ' HTTP/1.1'];
    for (let i = 0; i < request.rawHeaders.length; i += 2) lines.push(request.rawHeaders[i] + ': ' + request.rawHeaders[i + 1]);
    onward.write(lines.join('\\r\\n') + '\\r\\n\\r\\n');
    onward.write(head);
    client.pipe(onward).pipe(client);
  });
  onward.on('error', () => client.destroy());
  client.on('close', () => onward.destroy());
  onward.on('close', () => client.destroy());
});

const child = spawn(program, args, { stdio: 'inherit' });
child.on('error', (error) => { console.error(String(error)); process.exit(127); });
child.on('exit', (code, signal) => process.exit(code === null ? 128 + (signal === 'SIGTERM' ? 15 : 9) : code));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));

// it answers once the server behind it does
const listen = () => {
  const probe = net.connect(socket);
  probe.on('connect', () => { probe.destroy(); server.listen(Number(port), '0.0.0.0'); });
  probe.on('error', () => setTimeout(listen, 50));
};
listen();
`;

/** The files, by name. */
export const codeFiles: Readonly<Record<string, string>> = { code: startServer, 'gate.cjs': gate };
