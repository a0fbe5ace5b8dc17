import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../support/wait-for.ts';
import { follow, id, readAll, streamOf, testLogs } from './support.ts';

describe('following', () => {
  it('gives what was there, then what comes, then the end, each byte once', async () => {
    await using t = await testLogs();
    const recording = t.logs.recording(id, []);
    const output = new PassThrough();
    const end = recording.recordLive(output);
    output.write('a\n');
    await waitFor(async () => (await t.logs.size(id)) === 2, 'the first line');
    const early = follow(t.logs);
    await early.has('a\n');
    const late = follow(t.logs, 2);
    for (let line = 0; line < 500; line++) output.write(`${line}\n`);
    await early.has('499');
    output.end('last\n');
    await end;
    await t.logs.close(id);
    const rest = `${Array.from({ length: 500 }, (_, line) => `${line}\n`).join('')}last\n`;
    expect(await early.ended).toBe(`a\n${rest}`);
    expect(await late.ended).toBe(rest);
  });

  it('begins before there is anything, even before the recording is opened', async () => {
    await using t = await testLogs();
    const reader = follow(t.logs);
    await t.logs.recording(id, []).recordLive(streamOf('hello\n'));
    await reader.has('hello\n');
    await t.logs.close(id);
    expect(await reader.ended).toBe('hello\n');
  });

  it('ends at once for a record that an earlier daemon finished, and waits for one that it did not', async () => {
    await using t = await testLogs();
    await t.logs.recording(id, []).recordLive(streamOf('hello\n'));
    const waiting = follow(t.again());
    await waiting.has('hello');
    waiting.stop();
    await t.logs.close(id);
    expect(await follow(t.again()).ended).toBe('hello\n');
  });

  it('ends for an attempt that never printed anything', async () => {
    await using t = await testLogs();
    const reader = follow(t.logs);
    expect(await t.logs.close(id)).toEqual({ complete: true });
    expect(await reader.ended).toBe('');
    expect(await follow(t.again()).ended).toBe('');
  });

  it('says no more after it was stopped', async () => {
    await using t = await testLogs();
    const recording = t.logs.recording(id, []);
    const output = new PassThrough();
    const end = recording.recordLive(output);
    const [stopped, going] = [follow(t.logs), follow(t.logs)];
    output.write('one\n');
    await Promise.all([stopped.has('one'), going.has('one')]);
    stopped.stop();
    output.end('two\n');
    await end;
    await going.has('two');
    going.stop();
    expect(stopped.text()).toBe('one\n');
  });

  it("goes at the reader's pace", async () => {
    await using t = await testLogs();
    await t.logs.recording(id, []).recordLive(streamOf(Buffer.alloc(1_000_000, 'x')));
    await t.logs.close(id);
    let open: () => void = () => {};
    let [pieces, bytes] = [0, 0];
    const ended = new Promise<void>((resolve) => {
      t.logs.read(id, 0, true, {
        onData(chunk) {
          pieces++;
          bytes += chunk.length;
          expect(chunk.length).toBeLessThanOrEqual(64 * 1024);
          return new Promise((next) => (open = next));
        },
        onEnd: () => resolve(),
      });
    });
    await waitFor(() => pieces === 1, 'the first piece');
    expect(await readAll(t.logs)).toHaveLength(1_000_000);
    // as much time as the other reader needed for everything: this one was given nothing more
    expect(pieces).toBe(1);
    for (let seen = 1; bytes < 1_000_000; seen++) {
      open();
      await waitFor(() => pieces > seen, 'the next piece');
    }
    open();
    await ended;
    expect(bytes).toBe(1_000_000);
  });

  it('ends quietly when the reader fails', async () => {
    await using t = await testLogs();
    await t.logs.recording(id, []).recordLive(streamOf('one\n'));
    const problem = await new Promise((resolve) => {
      t.logs.read(id, 0, true, { onData: () => Promise.reject(new Error('connection lost')), onEnd: resolve });
    });
    expect(problem).toBe('connection lost');
  });
});

describe('without following', () => {
  it('reads to its present end, from any offset', async () => {
    await using t = await testLogs();
    expect(await readAll(t.logs)).toBe('');
    const recording = t.logs.recording(id, []);
    await recording.recordLive(streamOf('0123456789'));
    expect(await readAll(t.logs)).toBe('0123456789');
    expect(await readAll(t.logs, 4)).toBe('456789');
    expect(await readAll(t.logs, 40)).toBe('');
  });
});

describe('since', () => {
  it('is the first byte printed then, at most a second early, after a restart too', async () => {
    await using t = await testLogs();
    const recording = t.logs.recording(id, []);
    const output = new PassThrough();
    const end = recording.recordLive(output);
    let size = 0;
    for (const [time, text] of [
      [1000, 'a'],
      [1400, 'b'],
      [5000, 'c'],
      [5999, 'd'],
      [9000, 'e'],
    ] as const) {
      t.clock.time = time;
      output.write(text);
      size += 1;
      await waitFor(async () => (await t.logs.size(id)) === size && !output.readableLength, 'the write');
      // its time is noted after the bytes are there
      await waitFor(async () => time === 1400 || time === 5999 || (await t.again().offsetAt(id, time)) === size - 1, 'the index');
    }
    output.end();
    await end;
    const after = t.again();
    const since = async (time: number): Promise<string> => readAll(after, await after.offsetAt(id, time));
    expect(await since(0)).toBe('abcde');
    expect(await since(1000)).toBe('abcde');
    expect(await since(1400)).toBe('abcde');
    expect(await since(2000)).toBe('cde');
    expect(await since(5000)).toBe('cde');
    expect(await since(5999)).toBe('cde');
    expect(await since(6000)).toBe('e');
    expect(await since(9500)).toBe('e');
    expect(await since(10_000)).toBe('');
  });
});
