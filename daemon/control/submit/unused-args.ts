import { fail, ok, type Result } from '../../../shared/result.ts';
import { parseTemplate } from '../../../shared/workflow/interpolate.ts';
import { isDevEnvironment, type Workflow } from '../../../shared/workflow/model.ts';
import { quoteArgs } from '../../../shared/workflow/quote.ts';

/** Arguments that the workflow does not speak of: a warning, or refused (`bad_option`) where its provider has nothing to give them to. */
export function unusedArgs(workflow: Workflow, args: readonly string[]): Result<string[]> {
  if (args.length === 0 || texts(workflow).some(takesArgs)) return ok([]);
  const message = `nothing takes the arguments: ${quoteArgs(args)}`;
  if (isDevEnvironment(workflow)) return fail('bad_option', message, `The ${workflow.provider} provider has no use for arguments.`);
  // an option that other tools have
  const at = args.findIndex((arg) => /^--image(=|$)/.test(arg));
  if (at >= 0) {
    const image = quoteArgs([args[at]?.split('=')[1] ?? args[at + 1] ?? 'IMAGE']);
    return ok([`${message}. Another image is \`image: ${image}\` in the workflow, or on the command line: dstack run docker ${image}`]);
  }
  return ok([`${message}. In the workflow, \${{ run.args }} stands for them`]);
}

const takesArgs = (text: string): boolean =>
  text.includes('{{') &&
  parseTemplate(text).pieces.some(
    (piece) => piece.kind === 'reference' && piece.reference.namespace === 'run' && piece.reference.name === 'args',
  );

/** All texts in a value, at any depth. */
function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : [];
}
