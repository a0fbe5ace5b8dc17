import { once } from 'node:events';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogs } from '../../../daemon/logs/file-logs.ts';
import type { Logs } from '../../../daemon/logs/logs.ts';
import { smallDisk } from '../../support/small-disk.ts';
import { waitFor } from '../../support/wait-for.ts';
import { follow, id, readAll, streamOf, testLogs } from './support.ts';

const record = (dir: string): Promise<string> => readFile(join(dir, '7', '0-1.log'), 'utf8');

/** What of a record is the container's, and the stretches that are ours, by the list beside it. */
async function apart(file: string): Promise<{ own: string; ours: string[] }> {
  const record = await readFile(file);
  const list = await readFile(file.replace(/log$/, 'notes'), 'utf8').catch(() => '');
  const foreign = new Uint8Array(record.length);
  const ours = list
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const { at, length } = JSON.parse(line) as { at: number; length: number };
      foreign.fill(1, at, at + length);
      return record.subarray(at, at + length).toString();
    });
  return { own: Buffer.from(record.filter((_byte, at) => foreign[at] === 0)).toString(), ours };
}

describe('a live record', () => {
  it('holds what was printed, with secrets masked across chunks', async () => {
    await using t = await testLogs();
    const recording = t.logs.recording(id, ['hunter2']);
    expect(await recording.recordLive(streamOf('my hun', 'ter2 and', ' rest\r\n'))).toEqual({ complete: true });
    expect(await t.logs.close(id)).toEqual({ complete: true });
    expect(await record(t.dir)).toBe('my ****** and rest\r\n');
    expect(await t.logs.size(id)).toBe(20);
  });

  it('does not show the beginning of a secret when the stream breaks off', async () => {
    await using t = await testLogs();
    const recording = t.logs.recording(id, ['hunter2']);
    await recording.recordLive(streamOf('my hunt'));
    expect(await record(t.dir)).toBe('my ');
    await recording.recordFrom(streamOf('my hunter2\n'));
    expect(await record(t.dir)).toBe('my ******\n');
  });

  it('ends with what was held back once it is known that nothing follows', async () => {
    await using t = await testLogs();
    await t.logs.recording(id, ['hunter2']).recordLive(streamOf(Buffer.from('my hunt \xe2'), Buffer.from([0xe2, 0x82])));
    await t.logs.close(id);
    expect(await record(t.dir)).toBe('my hunt â\uFFFD\uFFFD');
  });
});

describe('a record taken up again', () => {
  it('has no byte twice and loses none, wherever the daemon died, with notes in between', async () => {
    const piece = fc.constantFrom('hunter2', 'hunt', '\r\n', 'ä', '\r 50%', 'line\n', '******', 'x'.repeat(20));
    const life = fc.record({ seen: fc.nat(200), cutTo: fc.option(fc.nat(200)), note: fc.option(fc.constantFrom('hello', 'hunter2 here')) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.array(life, { maxLength: 4 }), async (pieces, lives) => {
        await using t = await testLogs();
        const printed = Buffer.from(pieces.join(''));
        const file = join(t.dir, '7', '0-1.log');
        for (const [index, { seen, cutTo, note }] of lives.entries()) {
          const logs = t.again();
          const recording = logs.recording(id, ['hunter2']);
          if (note !== null) await logs.note(id, note);
          // the first sees it live, later ones get the engine's record, which may still be shorter than what was live
          const stream = Readable.from([printed.subarray(0, seen)], { objectMode: true });
          await (index === 0 ? recording.recordLive(stream) : recording.recordFrom(stream));
          // killed in the middle of writing
          if (cutTo !== null && cutTo < (await logs.size(id))) await truncate(file, cutTo);
        }
        const last = t.again();
        await last.recording(id, ['hunter2']).recordFrom(streamOf(printed));
        expect(await last.close(id)).toEqual({ complete: true });
        const { own, ours } = await apart(file);
        expect(own).toBe(printed.toString().replaceAll('hunter2', '******'));
        for (const note of ours) expect(note).toMatch(/^(\r\n)?(hello|\*{6} here)\r\n$/);
        if (lives.every((one) => one.cutTo === null)) expect(ours).toHaveLength(lives.filter((one) => one.note !== null).length);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps what the engine lost, once, and goes on with what the engine has', async () => {
    await using t = await testLogs();
    await t.logs.recording(id, []).recordLive(streamOf('one\r\nhalf a li'));
    const after = t.again();
    await after.recording(id, []).recordFrom(streamOf('one\r\ntwo\r\n'));
    expect(await record(t.dir)).toBe('one\r\nhalf a litwo\r\n');
    const later = t.again();
    await later.recording(id, []).recordFrom(streamOf('one\r\ntwo\r\nthree\r\n'));
    expect(await record(t.dir)).toBe('one\r\nhalf a litwo\r\nthree\r\n');
  });

  it('finishes a note that was half written when the daemon died', async () => {
    await using t = await testLogs();
    await t.logs.note(id, 'pulling image python:3.11');
    await truncate(join(t.dir, '7', '0-1.log'), 4);
    const after = t.again();
    await after.recording(id, []).recordFrom(streamOf('out\n'));
    expect(await record(t.dir)).toBe('pulling image python:3.11\r\nout\n');
  });

  it('survives a list cut short', async () => {
    await using t = await testLogs();
    await t.logs.note(id, 'first');
    await appendFile(join(t.dir, '7', '0-1.notes'), '{"at":7,"len');
    const after = t.again();
    await after.note(id, 'second');
    await after.recording(id, []).recordFrom(streamOf('out\n'));
    const last = t.again();
    await last.recording(id, []).recordFrom(streamOf('out\nmore\n'));
    expect(await record(t.dir)).toBe('first\r\nsecond\r\nout\nmore\n');
  });

  it('says that the stream broke off', async () => {
    await using t = await testLogs();
    const stream = new PassThrough();
    const end = t.logs.recording(id, []).recordFrom(stream);
    stream.write('one\n');
    await waitFor(async () => (await t.logs.size(id)) === 4, 'the first line');
    stream.destroy(new Error('the engine is gone'));
    expect(await end).toEqual({ complete: false, why: 'the engine is gone' });
  });
});

describe('notes', () => {
  it('stand on lines of their own, masked, in the order of what happened', async () => {
    await using t = await testLogs();
    const recording = t.logs.recording(id, ['hunter2']);
    await t.logs.note(id, 'with hunter2\ntwo lines');
    await recording.recordLive(streamOf('50%'));
    await t.logs.note(id, 'failed: out of memory');
    await t.logs.close(id);
    expect(await readAll(t.logs)).toBe('with ******\r\ntwo lines\r\n50%\r\nfailed: out of memory\r\n');
    await t.logs.note(id, 'afterwards');
    expect(await readAll(t.again())).toContain('memory\r\nafterwards\r\n');
  });
});

describe('a full disk', () => {
  it('does not stop the job; the record says so, and is completed from the engine once there is room', async () => {
    await using disk = await smallDisk(128 * 1024, 'tmpfs');
    const dir = join(disk.path, 'logs');
    const logs = createLogs({ dir, now: () => 0 });
    const recording = logs.recording(id, []);
    const ballast = join(disk.path, 'ballast');
    await writeFile(ballast, Buffer.alloc(64 * 1024));
    const printed = Array.from({ length: 200 }, (_, line) => `${line} ${'x'.repeat(400)}\r\n`);
    const output = new PassThrough();
    const end = recording.recordLive(output);
    // all of it is taken, with nothing but the stream's own buffer to help
    for (const line of printed) if (!output.write(line)) await once(output, 'drain');
    output.end();
    expect(await end).toMatchObject({ complete: false, why: expect.stringContaining('no space left') as string });
    const partly = await logs.size(id);
    expect(partly).toBeGreaterThan(0);
    expect(partly).toBeLessThan(printed.join('').length);
    expect(printed.join('').startsWith(await record(dir))).toBe(true);
    await logs.note(id, 'lost');
    await truncate(ballast, 0);
    expect(await recording.recordFrom(streamOf(printed.join('')))).toEqual({ complete: true });
    expect(await logs.close(id)).toEqual({ complete: true });
    expect((await record(dir)).replace(/(\r\n)?lost\r\n/, '')).toBe(printed.join(''));
  });
});

describe('use and remove', () => {
  it('count by run and delete all of a run, ending its readers', async () => {
    await using t = await testLogs();
    const other = { ...id, runId: 8 };
    for (const one of [id, other]) await t.logs.note(one, 'text');
    const used = async (logs: Logs): Promise<number[]> => (await logs.use()).map((one) => one.runId).toSorted((a, b) => a - b);
    expect(await used(t.logs)).toEqual([7, 8]);
    expect((await t.logs.use())[0]?.bytes).toBeGreaterThan(6);
    const reader = follow(t.logs);
    await reader.has('text');
    await t.logs.remove(7);
    expect(await reader.ended).toBe('text\r\n');
    expect(await used(t.logs)).toEqual([8]);
    expect(await t.logs.size(id)).toBe(0);
  });
});
