/**
 * Paths as Git knows them: bytes. They travel as strings with one character per byte (latin1), so that names that are not UTF-8 survive and
 * comparing strings compares bytes. Only what a person reads is decoded.
 */
export type BytePath = string;

export const toBytes = (path: BytePath): Buffer => Buffer.from(path, 'latin1');
export const fromBytes = (bytes: Buffer): BytePath => bytes.toString('latin1');
/** A usual string (UTF-8) as a byte path. */
export const bytePath = (path: string): BytePath => Buffer.from(path, 'utf8').toString('latin1');
/** For messages. */
export const readable = (path: BytePath): string => toBytes(path).toString('utf8').replaceAll('\n', '\\n');

/** The records of a `-z` output. */
export function splitZ(out: Buffer): BytePath[] {
  const records = fromBytes(out).split('\0');
  records.pop();
  return records;
}

/** The input of a `-z --stdin`. */
export const joinZ = (records: Iterable<BytePath>): Buffer => {
  const text = [...records].join('\0');
  return toBytes(text === '' ? '' : `${text}\0`);
};
