/**
 * `dstack run [OPTIONS] WORKFLOW [OPTIONS] [ARGS…]`: which words are ours, and which go to the workflow as `${{ run.args }}`.
 *
 * Up to the workflow's name every option is ours. After it, ours are still taken, and everything we do not know is passed on as it stands;
 * but what is one slip away from an option of ours is refused, as it is one more often than not. After `--` everything is passed on.
 * What follows an option that may have words (`--watch src conf`) up to the next option are those words, but only after the workflow's name.
 */
import type { FailureError } from '../../shared/result.ts';

/** What is needed of commander's Option. */
export interface KnownOption {
  short?: string | undefined;
  long?: string | undefined;
  /** takes a value */
  required: boolean;
  /** takes words where they stand right behind it, after the workflow's name; `--name=WORD` anywhere */
  optional?: boolean;
}

/** Our words, then the workflow's name and its words behind `--`, so that a parser that knows only our options can read the answer. */
export function splitRunArgs(
  known: readonly KnownOption[],
  argv: string[],
  refuse: (message: string, hint: string) => FailureError,
): string[] {
  const ours: string[] = [];
  const theirs: string[] = [];
  let target: string | null = null;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    if (word === '--') {
      theirs.push(...argv.slice(i + 1));
      break;
    }
    const flag = word.startsWith('--') ? word.replace(/=.*$/s, '') : word;
    const option = known.find((o) => o.short === flag || o.long === flag);
    // `<source:target[:ro]>` is both, and takes a value
    if (option?.optional && !option.required && flag === word && word.startsWith('--')) {
      const values: string[] = [];
      // before the workflow's name the next word is that name
      while (target !== null && i + 1 < argv.length && !(argv[i + 1] ?? '').startsWith('-')) values.push(argv[++i] ?? '');
      ours.push(...(values.length === 0 ? [''] : values).map((value) => `${word}=${value}`));
    } else if (option) {
      ours.push(word);
      if (option.required && flag === word && i + 1 < argv.length) ours.push(argv[++i] ?? '');
    } else if (target === null) {
      // an unknown option here is the parser's to refuse; its own short forms (-tNAME) its to take apart
      if (word.startsWith('-') && word !== '-') ours.push(word);
      else target = word;
    } else {
      const near = flag.startsWith('--')
        ? known.find((o) => o.long !== undefined && oneSlip(flag.replaceAll('_', '-'), o.long))
        : undefined;
      if (near)
        throw refuse(
          `dstack run has no option ${flag}. Did you mean ${near.long}?`,
          `If it is for the workflow, write it after \`--\`: dstack run ${target} -- ${flag}`,
        );
      theirs.push(word);
    }
  }
  return target === null ? [...ours, ...(theirs.length > 0 ? ['--', ...theirs] : [])] : [...ours, '--', target, ...theirs];
}

/** True when one letter more, less, other, or two swapped make `a` into `b`; or nothing has to. */
export function oneSlip(a: string, b: string): boolean {
  if (a === b) return true;
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  if (restA.slice(1) === restB || restA === restB.slice(1) || restA.slice(1) === restB.slice(1)) return true;
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2);
}
