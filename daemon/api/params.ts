import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Pieces of requests that several verbs take. */
export const projectDir = z.string().refine(isAbsolute, 'an absolute path');
export const names = z.array(z.string().min(1)).optional();

/** Query strings carry only text: `1` and `true` are yes. */
export const flag = z.preprocess(
  (value) => (typeof value === 'string' ? value === '1' || value === 'true' : value),
  z.boolean().optional(),
);
