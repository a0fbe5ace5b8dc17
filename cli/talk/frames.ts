/**
 * The reading end of a WebSocket to our own daemon (RFC 6455), which is all that following a log needs: a library for it, with the HTTP client below it, takes
 * 15 ms of the processor while the container starts, and copies every frame. What is binary is given in the pieces in which it comes.
 */
import type { Socket } from 'node:net';

export interface FrameReader {
  /** a whole text, or a piece of something binary */
  onMessage(data: Buffer, isBinary: boolean): void;
  /** the daemon does not open it, and says why */
  onRefused(status: number, body: string): void;
  /** nothing comes any more, for whatever reason; `code`: of the frame that closed it, null: there was none */
  onClose(code: number | null): void;
}

/** Any 16 bytes in base64: they are for proxies that take it for plain HTTP, and there is none between us. */
const key = Buffer.from('dstack-log-reads').toString('base64');

/** Opens it at `path`; the socket answered is to be paused, resumed and destroyed by the reader. */
export function openFrames(socketPath: string, path: string, headers: Readonly<Record<string, string>>, reader: FrameReader): Socket {
  const net = process.getBuiltinModule('node:net');
  const socket = net.connect(socketPath);
  let code: number | null = null;
  const take = frames(reader, socket, (said) => (code = said));
  let head: Buffer | null = Buffer.alloc(0);
  let status = 0;
  socket.on('data', (chunk: Buffer) => {
    if (head === null) return take(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    status = end < 0 ? 0 : Number(/^HTTP\/1\.1 (\d{3})/.exec(head.toString('latin1', 0, end))?.[1]);
    // what refuses closes the connection behind its reason
    if (status !== 101) return;
    const rest = head.subarray(end + 4);
    head = null;
    if (rest.length > 0) take(rest);
  });
  socket.on('error', () => {}); // close follows
  socket.on('close', () => {
    const refusal = head === null ? null : wholeBody(head);
    if (refusal === null) reader.onClose(code);
    else reader.onRefused(status, refusal);
  });
  const wanted = {
    host: 'dstack',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
    ...headers,
  };
  const lines = Object.entries(wanted).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return socket;
}

/** What stands behind the head of an answer; null: not all of it is here. */
function wholeBody(answer: Buffer): string | null {
  const end = answer.indexOf('\r\n\r\n');
  const length = Number(/^content-length: *(\d+)/im.exec(answer.toString('latin1', 0, Math.max(0, end)))?.[1]);
  const body = answer.subarray(end + 4);
  return end >= 0 && body.length === length ? body.toString('utf8') : null;
}

const opcodes = { text: 1, binary: 2, close: 8, ping: 9 } as const;

/** Takes the bytes as they come; a frame's head may be cut anywhere. */
function frames(reader: FrameReader, socket: Socket, onCode: (code: number | null) => void): (chunk: Buffer) => void {
  /** the beginning of a head that is not all here */
  let before = Buffer.alloc(0);
  /** the frame under way: what it is, and how much of it is to come */
  let opcode = 0;
  let left = 0;
  /** the kind of the message that its frames go on with */
  let message = 0;
  let final = true;
  const text: Buffer[] = [];
  const control: Buffer[] = [];

  const piece = (data: Buffer): void => {
    if (opcode === opcodes.binary) {
      if (data.length > 0) reader.onMessage(data, true);
      return;
    }
    // what is asked in between stands between the frames of a message
    const gathered = opcode === opcodes.text ? text : control;
    gathered.push(data);
    if (left > 0 || (!final && opcode === opcodes.text)) return;
    const whole = Buffer.concat(gathered.splice(0));
    if (opcode === opcodes.text) reader.onMessage(whole, false);
    // masked with zeros, as a client's frames must be masked
    else if (opcode === opcodes.ping) socket.write(Buffer.concat([Buffer.from([0x8a, 0x80 | whole.length, 0, 0, 0, 0]), whole]));
    else if (opcode === opcodes.close) {
      onCode(whole.length >= 2 ? whole.readUInt16BE(0) : null);
      socket.destroy();
    }
  };

  return (chunk) => {
    let data = before.length > 0 ? Buffer.concat([before, chunk]) : chunk;
    before = Buffer.alloc(0);
    while (data.length > 0) {
      if (left === 0) {
        const head = headOf(data);
        if (head === null) return void (before = Buffer.from(data));
        final = head.final;
        opcode = head.opcode === 0 ? message : head.opcode;
        if (head.opcode === opcodes.text || head.opcode === opcodes.binary) message = head.opcode;
        left = head.payload;
        data = data.subarray(head.bytes);
        if (left === 0) piece(data.subarray(0, 0));
        continue;
      }
      const part = data.subarray(0, left);
      left -= part.length;
      data = data.subarray(part.length);
      piece(part);
    }
  };
}

/** The head of a frame: section 5.2 of the RFC; a daemon's are not masked. null: it is not all here. */
function headOf(data: Buffer): { final: boolean; opcode: number; payload: number; bytes: number } | null {
  if (data.length < 2) return null;
  const [first = 0, second = 0] = data;
  const short = second & 0x7f;
  const bytes = short === 126 ? 4 : short === 127 ? 10 : 2;
  if (data.length < bytes) return null;
  const payload = short === 126 ? data.readUInt16BE(2) : short === 127 ? Number(data.readBigUInt64BE(2)) : short;
  return { final: (first & 0x80) !== 0, opcode: first & 0x0f, payload, bytes };
}
