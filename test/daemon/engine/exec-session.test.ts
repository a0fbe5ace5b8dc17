import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecSession, ExecSpec, Piece } from '../../../daemon/engine/engine.ts';
import { Pieces } from '../../../daemon/engine/pieces.ts';
import { never, testContainers } from '../../support/containers.ts';
import { waitFor } from '../../support/wait-for.ts';

const t = testContainers();
const { engine } = t;
let name: string;
beforeAll(async () => {
  name = await t.run('sleep 1000');
});
afterAll(() => t.clean());

async function open(script: string, more: Partial<ExecSpec> = {}): Promise<ExecSession> {
  const session = await engine.openExec(name, { command: ['bash', '-c', script], terminal: false, env: {}, ...more });
  if (session === null) throw new Error('the container does not run');
  return session;
}

async function read({ output }: ExecSession): Promise<{ out: Buffer; err: Buffer }> {
  const pieces: Piece[] = [];
  for await (const piece of output) pieces.push(piece as Piece);
  const join = (stderr: boolean): Buffer => Buffer.concat(pieces.filter((one) => one.stderr === stderr).map((one) => one.data));
  return { out: join(false), err: join(true) };
}

describe('without a terminal', () => {
  it('keeps the outputs apart, passes the end of the input on and tells the exit code', async () => {
    const session = await open('cat; echo "$A" >&2; exit 7', { env: { A: 'one two' } });
    session.input.end('typed');
    expect(await read(session)).toEqual({ out: Buffer.from('typed'), err: Buffer.from('one two\n') });
    expect(await session.exitCode(never)).toBe(7);
    expect(await engine.execState(session.id)).toEqual({ running: false, exitCode: 7 });
  });

  it('tells the signal that ended it as a shell does', async () => {
    const session = await open('kill -9 $$');
    await read(session);
    expect(await session.exitCode(never)).toBe(137);
  });

  it('holds a command whose output nobody takes', async () => {
    const session = await open('echo begun >&2; yes >&1 & wait $!');
    await waitFor(() => session.output.readableLength > 0, 'the first piece');
    const inHand = async (): Promise<number> => {
      for (let i = 0; i < 50; i++) await turn();
      return session.output.readableLength;
    };
    expect(await inHand()).toBeLessThan(100);
    session.output.destroy();
    await t.engine.exec(name, ['bash', '-c', 'kill $(pidof yes)'], '0');
    await waitFor(async () => !(await engine.execState(session.id))?.running, 'its end');
  });
});

describe('with a terminal', () => {
  it('is one output, of the size that it is given', async () => {
    const session = await open('read line; stty size; echo oops >&2; exit 2', { terminal: true });
    await session.resize({ columns: 101, rows: 33 });
    session.input.write('go\n');
    const { out, err } = await read(session);
    expect(out.toString()).toBe('go\r\n33 101\r\noops\r\n');
    expect(err).toHaveLength(0);
    expect(await session.exitCode(never)).toBe(2);
    await session.resize({ columns: 80, rows: 24 });
  });
});

it('is none where the container does not run, or there is none', async () => {
  const spec = t.spec('true');
  await engine.create(spec);
  const wish = { command: ['true'], terminal: false, env: {} };
  expect(await engine.openExec(spec.name, wish)).toBeNull();
  expect(await engine.openExec(t.name(), wish)).toBeNull();
  expect(await engine.execState('0'.repeat(64))).toBeNull();
});

it('says why a program cannot be started', async () => {
  const session = await open('', { command: ['/no/such'] });
  expect((await read(session)).out.toString()).toMatch(/no such file/);
  // which of the two differs between engines
  expect([126, 127]).toContain(await session.exitCode(never));
});

it('takes pieces apart wherever the connection cuts them', async () => {
  const piece = (stream: number, data: Buffer): Buffer => {
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(data.length, 4);
    return Buffer.concat([header, data]);
  };
  const out = randomBytes(300);
  const err = randomBytes(200);
  const all = Buffer.concat([piece(1, out), piece(2, err), piece(1, Buffer.alloc(0)), piece(1, out)]);
  for (const step of [1, 7, 8, 9, 250, all.length]) {
    const source = new PassThrough();
    const pieces = source.pipe(new Pieces(false));
    for (let at = 0; at < all.length; at += step) source.write(all.subarray(at, at + step));
    source.end();
    const got: Piece[] = [];
    for await (const one of pieces) got.push(one as Piece);
    expect(Buffer.concat(got.filter((one) => one.stderr).map((one) => one.data)), `by ${step}`).toEqual(err);
    expect(Buffer.concat(got.filter((one) => !one.stderr).map((one) => one.data)), `by ${step}`).toEqual(Buffer.concat([out, out]));
  }
});
