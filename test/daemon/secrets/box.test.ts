import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createSecretBox } from '../../../daemon/secrets/box.ts';
import { FailureError, unwrap } from '../../../shared/result.ts';

function folder() {
  const dir = mkdtempSync(join(tmpdir(), 'secrets-'));
  return { dir, key: join(dir, 'home', 'secrets.key'), [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

test.each(['s3cr3t', '', 'many\nlines\r\n', 'ünïcödé ✓', 'x'.repeat(100_000)])('opens what it sealed: %.20s', (plain) => {
  using f = folder();
  const sealed = createSecretBox(f.key).seal(plain, 'owner/repo/TOKEN');
  if (plain) expect(sealed.includes(plain)).toBe(false);
  expect(createSecretBox(f.key).open(sealed, 'owner/repo/TOKEN')).toEqual({ ok: true, value: plain });
});

test('twice the same is never the same bytes', () => {
  using f = folder();
  const box = createSecretBox(f.key);
  expect(box.seal('a', 'p/N').equals(box.seal('a', 'p/N'))).toBe(false);
});

test('the key is closed to others, alone in its folder', () => {
  using f = folder();
  const before = process.umask(0);
  try {
    createSecretBox(f.key).seal('x', 'p/N');
  } finally {
    process.umask(before);
  }
  expect(statSync(f.key).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(f.dir, 'home'))).toEqual(['secrets.key']);
});

test('another place, changed bytes and cut bytes do not open', () => {
  using f = folder();
  const box = createSecretBox(f.key);
  const sealed = box.seal('x', 'p/A');
  const changed = Buffer.from(sealed);
  changed[changed.length - 1]! ^= 1;
  const newer = Buffer.from(sealed);
  newer[0] = 2;
  for (const [bytes, context] of [
    [sealed, 'p/B'],
    [changed, 'p/A'],
    [sealed.subarray(0, 20), 'p/A'],
    [Buffer.alloc(0), 'p/A'],
    [newer, 'p/A'],
  ] as const) {
    const opened = box.open(bytes, context);
    expect(opened).toMatchObject({ ok: false, failure: { code: 'secrets_key', message: expect.stringContaining(f.key) } });
  }
});

test('another key does not open, and the file is named', () => {
  using f = folder();
  const sealed = createSecretBox(f.key).seal('x', 'p/A');
  rmSync(f.key);
  createSecretBox(f.key).seal('y', 'p/B');
  const opened = createSecretBox(f.key).open(sealed, 'p/A');
  expect(opened).toMatchObject({
    ok: false,
    failure: { message: expect.stringContaining(`'p/A' cannot be opened with the key in ${f.key}`) },
  });
});

test('a missing key is said, and opening does not make a new one', () => {
  using f = folder();
  const sealed = createSecretBox(f.key).seal('x', 'p/A');
  rmSync(f.key);
  expect(createSecretBox(f.key).open(sealed, 'p/A')).toMatchObject({
    ok: false,
    failure: { message: expect.stringContaining('is missing') },
  });
  expect(existsSync(f.key)).toBe(false);
});

test('rights that let others read the key are taken away', () => {
  using f = folder();
  const sealed = createSecretBox(f.key).seal('x', 'p/A');
  chmodSync(f.key, 0o644);
  expect(createSecretBox(f.key).open(sealed, 'p/A')).toEqual({ ok: true, value: 'x' });
  expect(statSync(f.key).mode & 0o777).toBe(0o600);
});

test.each(['empty', 'rubbish', 'directory', 'link'])('a key file that is none is refused: %s', (kind) => {
  using f = folder();
  mkdirSync(join(f.dir, 'home'));
  if (kind === 'empty') writeFileSync(f.key, '');
  if (kind === 'rubbish') writeFileSync(f.key, 'not a key');
  if (kind === 'directory') mkdirSync(f.key);
  if (kind === 'link') {
    createSecretBox(join(f.dir, 'elsewhere')).seal('x', 'p/A');
    symlinkSync(join(f.dir, 'elsewhere'), f.key);
  }
  const box = createSecretBox(f.key);
  expect(() => box.seal('x', 'p/A')).toThrow(FailureError);
  expect(() => box.seal('x', 'p/A')).toThrow(f.key);
  expect(box.open(Buffer.alloc(40), 'p/A')).toMatchObject({ ok: false, failure: { code: 'secrets_key' } });
});

test('processes that start together get one key', async () => {
  using f = folder();
  const script = `
    import { createSecretBox } from ${JSON.stringify(join(import.meta.dirname, '../../../daemon/secrets/box.ts'))};
    process.stdout.write(createSecretBox(${JSON.stringify(f.key)}).seal('from ' + process.pid, 'p/A').toString('base64'));`;
  const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const sealed = await Promise.all(Array.from({ length: 6 }, start));
  const box = createSecretBox(f.key);
  for (const { stdout } of sealed)
    expect(box.open(Buffer.from(stdout, 'base64'), 'p/A')).toMatchObject({ ok: true, value: expect.stringMatching(/^from \d+$/) });
  expect(readdirSync(join(f.dir, 'home'))).toEqual(['secrets.key']);
  expect(readFileSync(f.key, 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
});

test('marks stand for a text under one key alone, and do not hold it', () => {
  using f = folder();
  using g = folder();
  const [box, other] = [createSecretBox(f.key), createSecretBox(g.key)];
  expect(box.mark('x')).toMatchObject({ ok: false, failure: { code: 'secrets_key' } });
  for (const one of [box, other]) one.seal('x', 'context');
  const marks = [box.mark('hush'), createSecretBox(f.key).mark('hush'), box.mark('hush2'), other.mark('hush')].map(unwrap);
  expect(marks[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(marks[1]).toBe(marks[0]);
  expect(new Set(marks).size).toBe(3);
});
