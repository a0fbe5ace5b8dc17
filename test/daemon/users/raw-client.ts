/** Requests that the command line would not make, sent by a user's own process. */
import { join } from 'node:path';
import type { Lab } from '../../support/lab.ts';

export interface Answer {
  status?: number;
  body?: unknown;
  text?: string;
  /** the socket could not be reached */
  error?: string;
}

const script = `
const [socketPath, method, path, body, upgrade] = process.argv.slice(1);
const headers = upgrade === '1'
  ? { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' }
  : { 'content-type': 'application/json' };
const say = (answer) => { console.log(JSON.stringify(answer)); process.exit(0); };
const request = require('node:http').request({ socketPath, method, path, headers }, (response) => {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  response.on('end', () => { let parsed; try { parsed = JSON.parse(text); } catch {} say({ status: response.statusCode, body: parsed, text }); });
});
request.on('upgrade', (response) => say({ status: response.statusCode }));
request.on('error', (error) => say({ error: error.code }));
request.end(body);
`;

const send = async (lab: Lab, user: string, args: string[]): Promise<Answer> => {
  const node = join(lab.dir, 'dstack/node_modules/node/bin/node');
  const { stdout, stderr } = await lab.as(user, node, ['-e', script, ...args]);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
};

/** One request as a user. */
export const askAs = (lab: Lab, user: string, socket: string, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> =>
  send(lab, user, [socket, method, path, body ? JSON.stringify(body) : '', '0']);

/** Asks for the WebSocket of a log; status 101 where it is given. */
export const readLogAs = (lab: Lab, user: string, socket: string, path: string): Promise<Answer> =>
  send(lab, user, [socket, 'GET', path, '', '1']);
