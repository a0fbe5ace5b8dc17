import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { FailureError, fail, messageOf, ok, unwrap } from '../../shared/result.ts';
import type { Result } from '../../shared/result.ts';
import { makeKey, readKey } from './key-file.ts';

export interface SecretBox {
  /** Encrypts for one place only: `context` (`project/name`) must be the same when it is opened. Throws a FailureError `secrets_key`. */
  seal(plain: string, context: string): Buffer;
  /** Fails with `secrets_key`: the key is missing or another one than it was sealed with, or the bytes were changed or moved. */
  open(sealed: Buffer, context: string): Result<string>;
  /** 64 hexadecimal digits that are the same for the same text, and from which nobody without the key can tell or try out what it is. Fails like `open`. */
  mark(plain: string): Result<string>;
}

/** version, nonce, tag, then the encrypted bytes */
const version = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = 1 + nonceBytes + tagBytes;

/** AES-256-GCM with the key in `keyFile`, which is made at the first `seal` (never by `open`: a new key would hide that the old one is lost). */
export function createSecretBox(keyFile: string): SecretBox {
  let key: Buffer | null = null;
  const load = (): Result<Buffer> => {
    if (key) return ok(key);
    const read = readKey(keyFile);
    if (read.ok) key = read.value;
    return read;
  };

  return {
    seal(plain, context) {
      if (!key && !existsSync(keyFile)) makeKeyOrFail(keyFile);
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', unwrap(load()), nonce);
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      const loaded = load();
      if (!loaded.ok) return loaded;
      const wrong = fail(
        'secrets_key',
        `The secret '${context}' cannot be opened with the key in ${keyFile}: it was sealed with another key, or changed.`,
        'Put the key file that belongs to this database back, or add the secret anew.',
      );
      if (sealed.length < headBytes || sealed[0] !== version) return wrong;
      try {
        const tagAt = 1 + nonceBytes;
        const decipher = createDecipheriv('aes-256-gcm', loaded.value, sealed.subarray(1, tagAt), { authTagLength: tagBytes });
        decipher.setAAD(Buffer.from(context));
        decipher.setAuthTag(sealed.subarray(tagAt, headBytes));
        return ok(Buffer.concat([decipher.update(sealed.subarray(headBytes)), decipher.final()]).toString('utf8'));
      } catch {
        return wrong;
      }
    },
    mark(plain) {
      const loaded = load();
      return loaded.ok ? ok(createHmac('sha256', loaded.value).update('mark\0').update(plain, 'utf8').digest('hex')) : loaded;
    },
  };
}

function makeKeyOrFail(keyFile: string): void {
  try {
    makeKey(keyFile);
  } catch (error) {
    throw new FailureError({
      code: 'secrets_key',
      message: `Cannot make the key of the secrets, ${keyFile}: ${messageOf(error)}`,
      hint: 'Make its folder writable for you.',
    });
  }
}
