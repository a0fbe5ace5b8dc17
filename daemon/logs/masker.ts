import { maskedForms } from './mask-forms.ts';

const stars = Buffer.from('******');

/** What becomes of a byte: shown, the first of a masked stretch, or further in one. */
const shown = 0;
const first = 1;
const further = 2;

interface Node {
  next: Map<number, number>;
  /** the node of the longest proper end of this one's bytes that begins a pattern too */
  fail: number;
  depth: number;
  /** length of the longest pattern that ends here; 0: none does */
  match: number;
}

/**
 * Replaces every secret in a stream by `******`. Every occurrence, overlapping ones too (they become one), so no byte of any is shown. Gives the
 * same bytes however the stream is cut into chunks, and holds back only what may yet turn out to be the beginning of a secret.
 * (An Aho-Corasick automaton: one step per byte, whatever the number of secrets.)
 */
export class Masker {
  readonly #nodes: Node[];
  /** by byte: 1: a pattern begins so */
  readonly #begins = new Uint8Array(256);
  #state = 0;
  /** the last bytes, as many as the state is deep, and what becomes of them as far as is known */
  #held: Buffer = Buffer.alloc(0);
  #heldMarks = new Uint8Array(0);

  constructor(secrets: string[]) {
    this.#nodes = automaton(maskedForms(secrets));
    for (const byte of this.#nodes[0]?.next.keys() ?? []) this.#begins[byte] = 1;
  }

  take(chunk: Buffer): Buffer {
    if (this.#nodes.length === 1) return chunk;
    const data = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    const marks = new Uint8Array(data.length);
    marks.set(this.#heldMarks);
    for (let at = this.#held.length; at < data.length; at++) {
      // most bytes begin nothing
      if (this.#state === 0) while (at < data.length && this.#begins[data[at] as number] === 0) at++;
      if (at === data.length) break;
      const node = this.#step(data[at] as number);
      if (node.match > 0) mark(marks, at + 1 - node.match, at);
    }
    const sure = data.length - (this.#nodes[this.#state] as Node).depth;
    this.#held = Buffer.from(data.subarray(sure));
    this.#heldMarks = marks.slice(sure);
    return masked(data.subarray(0, sure), marks);
  }

  /** What is left when nothing follows. */
  end(): Buffer {
    const rest = masked(this.#held, this.#heldMarks);
    this.#state = 0;
    this.#held = Buffer.alloc(0);
    this.#heldMarks = new Uint8Array(0);
    return rest;
  }

  /** Goes on by one byte. Returns the node it came to; rests at one from which a pattern can still go on. */
  #step(byte: number): Node {
    const nodes = this.#nodes;
    let state = this.#state;
    let next = nodes[state]?.next.get(byte);
    while (next === undefined && state !== 0) {
      state = nodes[state]?.fail ?? 0;
      next = nodes[state]?.next.get(byte);
    }
    const arrived = nodes[next ?? 0] as Node;
    this.#state = next ?? 0;
    for (let node = arrived; node.next.size === 0 && node.depth > 0; node = nodes[this.#state] as Node) this.#state = node.fail;
    return arrived;
  }
}

function automaton(patterns: Buffer[]): Node[] {
  const root: Node = { next: new Map(), fail: 0, depth: 0, match: 0 };
  const nodes = [root];
  for (const pattern of patterns) {
    let node = root;
    for (const byte of pattern) {
      let next = node.next.get(byte);
      if (next === undefined) {
        next = nodes.push({ next: new Map(), fail: 0, depth: node.depth + 1, match: 0 }) - 1;
        node.next.set(byte, next);
      }
      node = nodes[next] as Node;
    }
    node.match = pattern.length;
  }
  // breadth first: a node's fail is shallower, hence finished
  const queue = [root];
  for (const node of queue) {
    for (const [byte, index] of node.next) {
      const child = nodes[index] as Node;
      if (node !== root) {
        let fail = node.fail;
        while (fail !== 0 && nodes[fail]?.next.get(byte) === undefined) fail = nodes[fail]?.fail ?? 0;
        child.fail = nodes[fail]?.next.get(byte) ?? 0;
      }
      child.match ||= nodes[child.fail]?.match ?? 0;
      queue.push(child);
    }
  }
  return nodes;
}

/** Marks a match from `from` to `to`, both included. Where it overlaps an earlier one they become one stretch. */
function mark(marks: Uint8Array, from: number, to: number): void {
  if (marks[from] === shown) marks[from] = first;
  marks.fill(further, from + 1, to + 1);
}

function masked(data: Buffer, marks: Uint8Array): Buffer {
  if (!marks.includes(first) && !marks.includes(further)) return data;
  const out: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < data.length; at++) {
    if (marks[at] === shown) continue;
    if (at > from) out.push(data.subarray(from, at));
    if (marks[at] === first) out.push(stars);
    from = at + 1;
  }
  if (from === 0) return data;
  out.push(data.subarray(from));
  return Buffer.concat(out);
}
