import type { Output } from './output.ts';

const ctrlC = '\x03';
const ctrlD = '\x04';

/** True when a person can be asked: they see our stderr and their keys reach us. */
export const canAsk = (err: Output): boolean => err.isTTY && process.stdin.isTTY === true;

/** Waits for one of `keys`, or Ctrl+C (answered as `\x03`); null: the terminal has gone, or `signal` ended the waiting. */
export async function askKey(err: Output, question: string, keys: string, signal?: AbortSignal): Promise<string | null> {
  const prompt = () => err.stream.write(question);
  const key = await readKeys(
    prompt,
    (typed) => [...typed].find((char) => char === ctrlC || keys.includes(char.toLowerCase())) ?? null,
    signal,
  );
  err.stream.write(`${key === null || key === ctrlC ? '' : key}\n`);
  return key?.toLowerCase() ?? null;
}

/** Asks a yes-or-no question; anything but y is no. */
export async function confirm(err: Output, question: string): Promise<boolean> {
  const key = await askKey(err, `${question} [y/n] `, 'yn\r\n\x1b');
  return key === 'y';
}

/** Asks for a line that is not shown. Null: given up with Ctrl+C or Ctrl+D. */
export async function askHidden(err: Output, question: string): Promise<string | null> {
  let line = '';
  const prompt = () => err.stream.write(question);
  const end = await readKeys(prompt, (typed) => {
    for (const char of typed) {
      if (char === '\r' || char === '\n') return 'done';
      if (char === ctrlC || (char === ctrlD && line === '')) return 'given up';
      if (char === '\x7f' || char === '\b') line = line.slice(0, -1);
      else if (char === '\x15') line = '';
      else if (char >= ' ') line += char;
    }
    return null;
  });
  err.stream.write('\n');
  return end === 'done' ? line : null;
}

/** All of stdin when something is piped into it. */
export async function readPiped(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** Feeds what is typed to `take`, unechoed, until it answers. `prompt` is shown when nothing is echoed any more. Null: end of input, or `signal`. */
function readKeys(prompt: () => void, take: (typed: string) => string | null, signal?: AbortSignal): Promise<string | null> {
  const stdin = process.stdin;
  return new Promise((resolve) => {
    const finish = (answer: string | null): void => {
      stdin.off('data', onData).off('end', onEnd);
      signal?.removeEventListener('abort', onEnd);
      stdin.setRawMode(false);
      stdin.pause();
      resolve(answer);
    };
    const onEnd = (): void => finish(null);
    const onData = (typed: Buffer): void => {
      const answer = take(typed.toString('utf8'));
      if (answer !== null) finish(answer);
    };
    stdin.setRawMode(true);
    prompt();
    stdin.on('data', onData).on('end', onEnd);
    signal?.addEventListener('abort', onEnd);
    stdin.resume();
  });
}
