import { appendFile, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Logs } from '../../../daemon/logs/logs.ts';
import { mark } from '../../../daemon/logs/marks.ts';
import { follow, id, readAll, streamOf, testLogs } from './support.ts';

const part = (number: number) => ({ ...id, part: number });
const files = (dir: string) => ({ record: join(dir, '7/0-1.log'), marks: join(dir, '7/0-1.marks') });

/** A container that served three attempts, in that many chunks; closed. */
async function threeAttempts(logs: Logs, secrets: string[] = []): Promise<void> {
  const recording = logs.recording(id, secrets);
  await logs.note(id, 'pulling');
  await recording.recordLive(streamOf('GPU ok\r\n', `${mark(1)}one\r\nwo`, `rds\r\n${mark(2)}`, `${mark(3)}three\r\nend`));
  await logs.close(id);
}

const partsOf = async (logs: Logs): Promise<Record<number, string>> => {
  const numbers = await logs.parts(id);
  return Object.fromEntries(await Promise.all(numbers.map(async (number) => [number, await readAll(logs, 0, part(number))])));
};

const asPrinted = { 1: 'pulling\r\nGPU ok\r\none\r\nwords\r\n', 2: '', 3: 'three\r\nend' };

describe('the attempts of a container', () => {
  it('have each their own, without the marks; what comes before the first mark is of the first', async () => {
    await using t = await testLogs();
    await threeAttempts(t.logs);
    expect(await partsOf(t.logs)).toEqual(asPrinted);
    expect(await readAll(t.logs)).toContain(mark(2));
    expect(await t.logs.size(part(1))).toBe(asPrinted[1].length);
    expect(await t.logs.size(part(4))).toBe(0);
    expect(await readAll(t.logs, 4, part(3))).toBe('e\r\nend');
    expect(await readAll(t.logs, 19, part(1))).toBe(asPrinted[1].slice(19));
    expect(await readAll(t.again(), 400, part(1))).toBe('');
  });

  it('are told apart whatever the secrets are', async () => {
    await using t = await testLogs();
    await threeAttempts(t.logs, ['dstack', '7746', 'words', ';1\x07one']);
    expect(await partsOf(t.logs)).toEqual({ ...asPrinted, 1: asPrinted[1].replace('words', '******') });
  });

  it('are found in the record when their list is missing, short, or not of this record', async () => {
    await using t = await testLogs();
    await threeAttempts(t.logs);
    await t.logs.parts(id);
    const { marks, record } = files(t.dir);
    const list = await readFile(marks, 'utf8');
    for (let length = list.length; length >= 0; length--) {
      await writeFile(marks, list.slice(0, length));
      expect(await partsOf(t.again())).toEqual(asPrinted);
      expect(await partsOf(t.again())).toEqual(asPrinted);
    }
    await rm(marks);
    expect(await partsOf(t.again())).toEqual(asPrinted);
    for (const wrong of ['4 1\n9 2\n', '90000 -\n', 'nonsense\n4 1\n']) {
      await writeFile(marks, wrong);
      expect(await partsOf(t.again())).toEqual(asPrinted);
    }
    // what a power cut leaves of the record
    await writeFile(marks, list);
    await truncate(record, Buffer.byteLength(`${asPrinted[1]}${mark(1)}${mark(2)}`) + 3);
    expect(await partsOf(t.again())).toEqual({ 1: asPrinted[1], 2: mark(3).slice(0, 3) });
  });

  it('are looked for once', async () => {
    await using t = await testLogs();
    const filler = Buffer.alloc(3_000_000, 'x');
    await t.logs.recording(id, []).recordLive(streamOf(mark(1), filler, mark(2), 'two'));
    await t.logs.close(id);
    expect(await t.logs.size(part(1))).toBe(filler.length);
    // only a second look would find this one
    const record = await open(files(t.dir).record, 'r+');
    await record.write(mark(2), 1_000_000);
    await record.close();
    expect(await t.again().size(part(1))).toBe(filler.length);
    expect(await readAll(t.again(), 0, part(2))).toBe('two');
  });

  it('are the same however they are cut, and wherever the daemon died', async () => {
    const words = fc.constantFrom(mark(1), mark(2), mark(3), mark(7), '\x1b]7746;', '\x07', 'text\r\n', 'ab', '\x1b');
    await fc.assert(
      fc.asyncProperty(
        fc.array(words, { maxLength: 10 }),
        fc.array(fc.nat(30), { maxLength: 6 }),
        fc.nat(60),
        async (text, sizes, seen) => {
          await using t = await testLogs();
          const all = Buffer.from(text.join(''));
          const chunks: Buffer[] = [];
          let at = 0;
          for (const size of sizes) chunks.push(all.subarray(at, (at += size)));
          chunks.push(all.subarray(at));
          const whole = { ...id, runId: 8 };
          await t.logs.recording(whole, []).recordLive(streamOf(all));
          await t.logs.close(whole);
          // one that died after so many bytes, whose reader had looked at them
          await t.logs.recording(id, []).recordLive(streamOf(all.subarray(0, seen)));
          await t.logs.parts(id);
          const logs = t.again();
          await logs.recording(id, []).recordFrom(streamOf(...chunks));
          await logs.close(id);
          const wanted = await t.logs.parts(whole);
          expect(await logs.parts(id)).toEqual(wanted);
          for (const number of wanted)
            expect(await readAll(logs, 0, part(number))).toBe(await readAll(t.logs, 0, { ...whole, part: number }));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('following an attempt', () => {
  it('ends where the next one begins, and no mark is seen on the way', async () => {
    await using t = await testLogs();
    const output = new PassThrough();
    const end = t.logs.recording(id, []).recordLive(output);
    const [first, second] = [follow(t.logs, 0, part(1)), follow(t.logs, 0, part(2))];
    output.write(`checks\n${mark(1).slice(0, 9)}`);
    await first.has('checks\n');
    output.write(`${mark(1).slice(9)}one\n\x1b`);
    await first.has('one\n');
    output.write(`[0m${mark(2)}two\n`);
    await second.has('two\n');
    expect(await first.ended).toBe('checks\none\n\x1b[0m');
    output.end('\x1b]7746;');
    await end;
    await t.logs.close(id);
    expect(await second.ended).toBe('two\n\x1b]7746;');
  });

  it('ends with the record for one that never begins', async () => {
    await using t = await testLogs();
    const reader = follow(t.logs, 0, part(2));
    await t.logs.recording(id, []).recordLive(streamOf(`${mark(1)}one\n`));
    await t.logs.close(id);
    expect(await reader.ended).toBe('');
  });

  it('of a thousand gives each what is its own', async () => {
    await using t = await testLogs();
    const numbers = Array.from({ length: 1000 }, (_, i) => i + 1);
    await t.logs.recording(id, []).recordLive(streamOf(numbers.map((number) => `${mark(number)}attempt ${number}\n`).join('')));
    await t.logs.close(id);
    expect(await t.again().parts(id)).toEqual(numbers);
    for (const number of [1, 2, 500, 1000]) expect(await readAll(t.again(), 0, part(number))).toBe(`attempt ${number}\n`);
  });
});

describe('the moment and the last lines', () => {
  it('of an attempt count from its beginning', async () => {
    await using t = await testLogs();
    const recording = t.logs.recording(id, []);
    for (const [text, time] of [
      [`${mark(1)}one\n`, 10_000],
      ['more\n', 20_000],
      [`${mark(2)}two\n`, 30_000],
    ] as const) {
      t.clock.time = time;
      await recording.recordLive(streamOf(text));
    }
    await t.logs.close(id);
    expect(await t.logs.offsetAt(part(1), 20_000)).toBe('one\n'.length);
    expect(await t.logs.offsetAt(part(2), 20_000)).toBe(0);
    expect(await t.logs.offsetAt(part(1), 30_000)).toBe('one\nmore\n'.length);
    expect(await t.logs.offsetAt(part(2), 40_000)).toBe('two\n'.length);
  });

  it('are found from the end, the last one ended or not', async () => {
    await using t = await testLogs();
    await threeAttempts(t.logs);
    const tail = async (of: number, count: number) => readAll(t.logs, await t.logs.lastLines(part(of), count), part(of));
    expect([await tail(3, 1), await tail(3, 2), await tail(3, 9), await tail(3, 0)]).toEqual(['end', 'three\r\nend', 'three\r\nend', '']);
    expect([await tail(1, 1), await tail(1, 3), await tail(1, 4)]).toEqual([
      'words\r\n',
      'GPU ok\r\none\r\nwords\r\n',
      'pulling\r\nGPU ok\r\none\r\nwords\r\n',
    ]);
    expect(await t.logs.lastLines({ ...id, runId: 99 }, 3)).toBe(0);
    const long = { ...id, attempt: 2 };
    const lines = Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`);
    await t.logs.recording(long, []).recordLive(streamOf(lines.join('')));
    await appendFile(join(t.dir, '7/0-2.log'), 'rest');
    for (const count of [1, 2, 20_000, 40_001, 50_000])
      expect(await readAll(t.logs, await t.logs.lastLines(long, count), long)).toBe([...lines, 'rest'].slice(-count).join(''));
  });
});
