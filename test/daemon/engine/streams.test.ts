import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, it } from 'vitest';
import { Demux } from '../../../daemon/engine/demux.ts';
import { never, testContainers } from '../../support/containers.ts';
import { waitFor } from '../../support/wait-for.ts';

const t = testContainers();
const { engine } = t;
afterAll(() => t.clean());

describe('attach', () => {
  it('gives every byte from the first one on, as the terminal prints it, and takes what is typed', async () => {
    const spec = t.spec('stty -echo; echo ready; read line; stty size; printf "50%%\\r"; echo "got $line"; read rest; echo "$rest"');
    await engine.create(spec);
    const attached = await engine.attach(spec.name);
    let seen = '';
    attached.output.on('data', (chunk) => (seen += String(chunk)));
    const ended = new Promise((resolve) => attached.output.on('end', resolve));
    await engine.start(spec.name);
    await waitFor(() => seen.includes('ready'), 'the prompt');
    await engine.resize(spec.name, { columns: 77, rows: 11 });
    attached.write('a word\n');
    // the keys with which the docker command would leave
    attached.write('\x10\x11still here\n');
    await ended;
    expect(seen).toMatch(/^ready\r\n11 77\r\n50%\rgot a word\r\n/);
    expect(seen).toContain('still here');
    expect(await text(await engine.logs(spec.name, false, never))).toBe(seen);
  });

  it('gives both outputs where there is no terminal', async () => {
    const spec = t.spec('echo out; echo err >&2', { tty: false });
    await engine.create(spec);
    const attached = await engine.attach(spec.name);
    await engine.start(spec.name);
    expect((await text(attached.output)).split('\n').toSorted()).toEqual(['', 'err', 'out']);
  });

  it('can be left while the container goes on', async () => {
    const spec = t.spec('echo one; read x; exit 4');
    await engine.create(spec);
    const first = await engine.attach(spec.name);
    await engine.start(spec.name);
    first.close();
    await text(first.output);
    const second = await engine.attach(spec.name);
    second.write('go\n');
    second.output.resume();
    expect(await engine.wait(spec.name, never)).toBe(4);
  });

  it('says that there is no such container', async () => {
    await expect(engine.attach(t.name())).rejects.toMatchObject({ kind: 'not_found' });
  });
});

describe('logs', () => {
  it('follow to the end, from the start', async () => {
    const name = await t.run('echo one; read x; echo two');
    const output = await engine.logs(name, true, never);
    const attached = await engine.attach(name);
    attached.output.resume();
    let seen = '';
    for await (const chunk of output) {
      if (!seen) attached.write('\n');
      seen += String(chunk);
    }
    expect(seen).toBe('one\r\n\r\ntwo\r\n');
    expect(await text(await engine.logs(name, false, never))).toBe(seen);
  });

  it('break off with their signal', async () => {
    const name = await t.run('echo one; sleep 60');
    const stop = new AbortController();
    const output = await engine.logs(name, true, stop.signal);
    const reading = (async () => {
      for await (const _ of output) stop.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('runToEnd', () => {
  it('gives exit code and output and leaves nothing, an earlier one of its name neither', async () => {
    const spec = t.spec('echo out; exit 5', { tty: false });
    await engine.create({ ...spec, command: ['false'] });
    expect(await engine.runToEnd(spec, 30_000)).toEqual({ exitCode: 5, output: 'out\n' });
    expect(await engine.inspect(spec.name)).toBeNull();
  });

  it('does not wait for ever', async () => {
    const spec = t.spec('sleep 60', { tty: false });
    await expect(engine.runToEnd(spec, 500)).rejects.toMatchObject({
      message: expect.stringContaining('did not end within 0.5 s') as string,
    });
    expect(await engine.inspect(spec.name)).toBeNull();
  });

  it('leaves nothing when it cannot start', async () => {
    const spec = t.spec('', { command: ['/no/such'], tty: false, init: false });
    await expect(engine.runToEnd(spec, 30_000)).rejects.toThrow('/no/such');
    expect(await engine.inspect(spec.name)).toBeNull();
  });
});

describe('watch', () => {
  it('tells of our containers and of nothing else, until it is told to stop', async () => {
    const seen: string[] = [];
    const stop = new AbortController();
    let done: Promise<void> = Promise.resolve();
    await new Promise<void>((open) => {
      done = engine.watch(t.installation, (event) => seen.push(`${event.action} ${event.name}`), stop.signal, open);
    });
    const other = testContainers();
    const theirs = await other.run('true');
    await other.clean();
    const name = await t.run('true');
    await engine.wait(name, never);
    await engine.remove(name, true);
    await waitFor(() => seen.includes(`destroy ${name}`), 'the last event');
    expect(seen).toEqual([`start ${name}`, `die ${name}`, `destroy ${name}`]);
    expect(seen.join()).not.toContain(theirs);
    stop.abort();
    await done;
  });
});

describe('two outputs in one stream', () => {
  it('are taken apart wherever it is cut', async () => {
    const piece = (stream: number, data: string): Buffer =>
      Buffer.concat([Buffer.from([stream, 0, 0, 0, 0, 0, 0, data.length]), Buffer.from(data)]);
    const whole = Buffer.concat([piece(1, 'hello '), piece(2, ''), piece(2, 'wor'), piece(1, 'ld')]);
    for (let length = 1; length <= whole.length; length++) {
      const demux = new Demux();
      for (let at = 0; at < whole.length; at += length) demux.write(whole.subarray(at, at + length));
      demux.end();
      expect(await text(demux)).toBe('hello world');
    }
  });
});
