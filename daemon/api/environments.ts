import { z } from 'zod';
import { fail, ok, type Result } from '../../shared/result.ts';
import type { Environment } from '../../shared/api.ts';
import { EngineError } from '../engine/engine.ts';
import type { ApiParts, JsonHandler } from './handler.ts';

/** The caller's own; the daemon's user sees all of them. */
async function visible({ parts, caller }: ApiParts): Promise<Environment[]> {
  const all = await parts.environments.list();
  return all.filter(({ owner }) => caller.admin || owner === caller.uid).map(({ owner: _, ...environment }) => environment);
}

/** The engine has them: while it is away, that is all there is to say. */
async function unlessAway<T>(answer: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return fail('engine', `Cannot look at the environments: ${error.message}`, 'See: dstack doctor');
  }
}

/** Those that were used last come first. */
export const envList: JsonHandler<'envList'> = {
  params: z.object({}),
  answer: (api) => unlessAway(async () => ok(await visible(api))),
};

/** Of a key, to name an environment by its beginning. */
const leastDigits = 4;

/** Removes what no unfinished run starts from, those that build upon others first. */
export const envRm: JsonHandler<'envRm'> = {
  params: z.object({
    keys: z.array(z.string()).optional(),
    all: z.boolean().optional(),
  }),
  answer: (api, { keys = [], all = false }) =>
    unlessAway(async () => {
      const known = await visible(api);
      const short = keys.find((key) => key.length < leastDigits && /^[0-9a-f]*$/.test(key));
      if (short !== undefined)
        return fail(
          'no_such_environment',
          `'${short}' is too short for the key of an environment`,
          `Write at least ${leastDigits} digits, see: dstack env list`,
        );
      const unknown = keys.find((key) => !known.some((one) => one.key.startsWith(key)));
      if (unknown !== undefined) return fail('no_such_environment', `There is no environment '${unknown}'`, 'See: dstack env list');
      const double = keys.find((key) => known.filter((one) => one.key.startsWith(key)).length > 1);
      if (double !== undefined) return fail('ambiguous', `Several environments begin with ${double}`, 'Write more of the key');
      const { removed, kept } = await api.parts.environments.removeAll(
        known.filter((one) => all || keys.some((key) => one.key.startsWith(key))).map((one) => one.key),
      );
      const bytes = known.reduce((sum, one) => sum + (removed.includes(one.key) ? one.size : 0), 0);
      return ok({ removed, kept, bytes });
    }),
};
