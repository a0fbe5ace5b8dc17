import type { SlowPattern } from './slow-pattern.ts';
import { LogLines } from '../terminal/log-lines.ts';

// oxlint-disable-next-line no-control-regex -- colours, which LogLines keeps for a terminal
const colours = /\x1b\[[\d;:]*m/g;

/** The lines of a job's output that match an expression: as LogLines gives them, progress bars in their last state. Colours do not count for the match. */
export class LineFilter {
  readonly #lines: LogLines;
  readonly #pattern: RegExp;
  readonly #slow: SlowPattern | null;
  /** what all lines together are looked through for first; null: that would not tell */
  readonly #anywhere: RegExp | null;
  /** of a line that is passed on in pieces: what was not ended yet */
  #rest = '';
  #count = 0;

  /** `slow`: is told when a search begins and ends */
  constructor(pattern: RegExp, keepColours: boolean, slow: SlowPattern | null = null) {
    this.#slow = slow;
    this.#pattern = pattern;
    this.#anywhere = withinLines(pattern) ? new RegExp(pattern.source, `${pattern.flags}m`) : null;
    this.#lines = new LogLines(keepColours);
  }

  /** how many matched */
  get count(): number {
    return this.#count;
  }

  /** Those that are complete now, without their ends. */
  push(chunk: Buffer): string[] {
    return this.#watched(() => this.#matching(this.#lines.push(chunk)));
  }

  /** What is left at the end. */
  flush(): string[] {
    return this.#watched(() => this.#last());
  }

  #watched(search: () => string[]): string[] {
    this.#slow?.begin();
    const found = search();
    this.#slow?.end();
    return found;
  }

  #last(): string[] {
    const matching = this.#matching(this.#lines.flush());
    const last = this.#rest;
    this.#rest = '';
    return last !== '' && this.#matches(last) ? [...matching, last] : matching;
  }

  #matching(bytes: Buffer): string[] {
    if (bytes.length === 0) return [];
    const text = this.#rest + bytes.toString('utf8');
    if (this.#anywhere && !text.includes('\x1b') && !this.#anywhere.test(text)) {
      const from = text.lastIndexOf('\n') + 1;
      this.#rest = text.length - from > longest ? '' : text.slice(from);
      return [];
    }
    const lines = text.split('\n');
    this.#rest = lines.pop() ?? '';
    const found = lines.filter((line) => this.#matches(line));
    // LogLines gives endless lines in pieces; each is looked at by itself
    if (this.#rest.length > longest) {
      if (this.#matches(this.#rest)) found.push(this.#rest);
      this.#rest = '';
    }
    return found;
  }

  #matches(line: string): boolean {
    const matches = this.#pattern.test(line.includes('\x1b') ? line.replace(colours, '') : line);
    if (matches) this.#count++;
    return matches;
  }
}

/**
 * Whether an expression that matches a line matches the text around it, too, and takes no longer for it: nothing in it looks beyond what it matches, and nothing matches a
 * line's end.
 */
const withinLines = ({ source }: RegExp): boolean =>
  !/\[\^|\(\?(?!:)|\\[sWDSnrcpPux0kB]|\[[^\]]*\\[tb]/.test(source.replaceAll(/\\[^\w]/g, ''));

/** Characters of a line that is looked at as a whole. */
const longest = 1 << 20;
