/**
 * `${{ run.name }}`, `${{ run.args }}` and `${{ secrets.NAME }}` in strings of a workflow.
 *
 * `$` means something here only directly before `{{`: there, of a row of dollars, each pair `$$` stands for one `$`, and an odd one
 * left over opens the reference. So `$${{ x }}` is the text `${{ x }}`, and `$$${{ run.name }}` is a `$` followed by the name.
 * Everywhere else text is left alone: `$VAR`, `${VAR}`, `$(cmd)` and the shell's own `$$` (its process id) reach the shell as written.
 *
 * The parts are filled in at two times: `run` at submit, `secrets` when the container is created. Without `secrets` the result is
 * still a template (what was filled in is escaped, so that an argument that looks like a reference is not read as one later); the pass
 * that is given `secrets` is the last one: it undoes the escapes and gives plain text.
 */
import { fail, ok } from '../result.ts';
import type { Failure, Result } from '../result.ts';
import { nearest } from './suggest.ts';

export type Reference = { namespace: 'run'; name: 'name' | 'args' } | { namespace: 'secrets'; name: string };

export interface Values {
  /** `args` as one text for a shell: quoteArgs */
  run?: { name: string; args: string };
  secrets?: Record<string, string>;
}

/** `source` is a reference as written, `offset` where in the text it begins. */
export type Piece = { kind: 'text'; text: string } | { kind: 'reference'; reference: Reference; source: string; offset: number };

/** A reference that cannot be read, and where in the text it begins and how long it is. */
export interface InterpolationProblem extends Failure {
  offset: number;
  length: number;
}

const known = '`run.name`, `run.args` and `secrets.NAME`';
const escapeHint = 'to have this very text, write `$${{`';

/** The text's pieces, escapes undone, and everything that is wrong with its references. */
export function parseTemplate(text: string): { pieces: Piece[]; problems: InterpolationProblem[] } {
  const pieces: Piece[] = [];
  const problems: InterpolationProblem[] = [];
  const newline = nextIn(text, '\n');
  const closing = nextIn(text, '}}');
  let at = 0;
  for (const match of text.matchAll(/(?<!\$)(\$+)\{\{/g)) {
    if (match.index < at) continue;
    const dollars = match[1]?.length ?? 0;
    const literal = text.slice(at, match.index) + '$'.repeat(Math.floor(dollars / 2));
    at = match.index + dollars;
    pieces.push({ kind: 'text', text: literal });
    if (dollars % 2 === 0) continue;
    const lineEnd = newline(at + 2);
    const close = closing(at + 2);
    const closed = close < lineEnd;
    const inside = text.slice(at + 2, closed ? close : lineEnd);
    const offset = at - 1;
    const source = `\${{${inside}${closed ? '}}' : ''}`;
    at += 2 + inside.length + (closed ? 2 : 0);
    const reference = !closed
      ? fail('interpolation', 'this `${{` is not closed', `write \`}}\` behind the name on the same line; ${escapeHint}`)
      : readReference(inside);
    if (reference.ok) pieces.push({ kind: 'reference', reference: reference.value, source, offset });
    else problems.push({ ...reference.failure, offset, length: source.trimEnd().length });
  }
  pieces.push({ kind: 'text', text: text.slice(at) });
  return { pieces, problems };
}

/** Finds the next `needle` from places that only grow, looking at no part of the text twice; none: the text's length. */
function nextIn(text: string, needle: string): (from: number) => number {
  let next = -1;
  return (from) => {
    if (next < from) next = text.indexOf(needle, from);
    if (next < 0) next = text.length;
    return next;
  };
}

function readReference(inside: string): Result<Reference> {
  const name = inside.trim();
  const [namespace, member, ...more] = name.split('.');
  if (more.length === 0 && namespace === 'run' && (member === 'name' || member === 'args')) return ok({ namespace, name: member });
  if (more.length === 0 && namespace === 'secrets' && member !== undefined) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(member)) return ok({ namespace, name: member });
    return fail(
      'interpolation',
      `\`${short(member)}\` is not a name of a secret`,
      'names of secrets are letters, digits and `_`, not beginning with a digit',
    );
  }
  const near =
    nearest(name, ['run.name', 'run.args']) ??
    (namespace !== undefined && member !== undefined && nearest(namespace, ['secrets']) ? `secrets.${member}` : null);
  const suggestion = near ? `did you mean \`\${{ ${short(near)} }}\`?` : `there are ${known}; ${escapeHint}`;
  return fail('interpolation', name === '' ? 'there is no name in `${{ }}`' : `\`${short(name)}\` is not known here`, suggestion);
}

const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

/**
 * The text with the given values in place of its references; those of a namespace that is not given stay. With `secrets` the result is
 * plain text, without it is a template still (see above). Fails for references that cannot be read and for secrets that are not there.
 */
export function interpolate(text: string, values: Values): Result<string> {
  if (!text.includes('{{')) return ok(text);
  const { pieces, problems } = parseTemplate(text);
  if (problems[0]) return fail(problems[0].code, problems[0].message, problems[0].hint ?? null);
  const filled: Piece[] = [];
  for (const piece of pieces) {
    const value = piece.kind === 'reference' ? valueOf(piece.reference, values) : ok(piece.text);
    if (value === null) filled.push(piece);
    else if (value.ok) filled.push({ kind: 'text', text: value.value });
    else return value;
  }
  return ok(values.secrets ? filled.map((piece) => (piece.kind === 'text' ? piece.text : piece.source)).join('') : template(filled));
}

/** null: its namespace is not given. */
function valueOf(reference: Reference, values: Values): Result<string> | null {
  if (reference.namespace === 'run') return values.run ? ok(reference.name === 'name' ? values.run.name : values.run.args) : null;
  if (!values.secrets) return null;
  const value = Object.hasOwn(values.secrets, reference.name) ? values.secrets[reference.name] : undefined;
  if (value !== undefined) return ok(value);
  return fail('no_secret', `Cannot find the secret '${reference.name}'`, `add it: dstack secrets add ${reference.name}`);
}

/** The inverse of parseTemplate. */
function template(pieces: Piece[]): string {
  let text = '';
  let literal = '';
  for (const piece of pieces) {
    if (piece.kind === 'text') literal += piece.text;
    else {
      text += escapeTemplate(literal).replace(/(?<!\$)\$+$/, (dollars) => dollars + dollars) + piece.source;
      literal = '';
    }
  }
  return text + escapeTemplate(literal);
}

/** `text` as a template that stands for exactly it. */
export const escapeTemplate = (text: string): string => text.replace(/(?<!\$)\$+(?=\{\{)/g, (dollars) => dollars + dollars);

/** The names of the secrets that a text refers to, each once. */
export function secretsUsed(text: string): string[] {
  const names = parseTemplate(text).pieces.flatMap((piece) =>
    piece.kind === 'reference' && piece.reference.namespace === 'secrets' ? [piece.reference.name] : [],
  );
  return [...new Set(names)];
}

/**
 * The last pass for a shell command: references to secrets become the variables of the same names that every job has, so that no value
 * of a secret is written into a script or an argument; the escapes are undone. The variable stands as one word whatever quotes are around it:
 * single quotes, in which a shell expands nothing, are left for it.
 */
export function secretsAsVariables(command: string): string {
  if (!command.includes('{{')) return command;
  let quotes: Quotes = 'none';
  let result = '';
  for (const piece of parseTemplate(command).pieces) {
    if (piece.kind === 'text') {
      quotes = quotesAfter(piece.text, quotes);
      result += piece.text;
    } else if (piece.reference.namespace === 'secrets') {
      const variable = `\${${piece.reference.name}}`;
      result += { none: `"${variable}"`, double: variable, single: `'"${variable}"'` }[quotes];
    } else result += piece.source;
  }
  return result;
}

type Quotes = 'none' | 'single' | 'double';

/** In which quotes of sh the end of a text is, that began in others. */
function quotesAfter(text: string, quotes: Quotes): Quotes {
  for (const [match] of text.matchAll(/\\[^]|['"]/g)) {
    if (quotes === 'single') {
      // a backslash means nothing there, so it may stand before the quote that ends them
      if (match.endsWith("'")) quotes = 'none';
    } else if (match === '"') quotes = quotes === 'double' ? 'none' : 'double';
    else if (match === "'" && quotes === 'none') quotes = 'single';
  }
  return quotes;
}

export { quoteArgs } from './quote.ts';
