import { messageOf } from '../../shared/result.ts';
import { usageError } from '../usage.ts';

/** What `--grep` (and `-i`) says. Throws a usage error for what is no expression. */
export function grepPattern(text: string, ignoreCase: boolean): RegExp {
  try {
    return new RegExp(text, ignoreCase ? 'iu' : 'u');
  } catch {
    // what the stricter reading refuses and the common one takes: `\-`, `{`
    try {
      return new RegExp(text, ignoreCase ? 'i' : '');
    } catch (error) {
      const why = messageOf(error).replace(/^Invalid regular expression: /, '');
      throw usageError(
        `--grep takes a regular expression of JavaScript: ${why}`,
        'A character that means something, such as ( or *, stands for itself behind a \\.',
      );
    }
  }
}
