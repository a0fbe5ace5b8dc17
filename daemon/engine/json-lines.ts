import type { Readable } from 'node:stream';

/** Each line of a stream of JSON values, as it arrives. Throws what the stream throws. */
export async function* jsonLines<T>(stream: Readable): AsyncGenerator<T> {
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim()) yield JSON.parse(line) as T;
  }
  if (rest.trim()) yield JSON.parse(rest) as T;
}
