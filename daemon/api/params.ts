import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Pieces of requests that several verbs take. */
const projectDir = z.string().refine(isAbsolute, 'an absolute path');
/** of every verb that is about a project: InProject of the contract */
export const inProject = { projectDir, project: z.string().min(1).max(1000).optional() };
export const names = z.array(z.string().min(1)).optional();

/** ISO 8601 */
export const moment = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), 'a time')
  .optional();

/** Query strings carry only text: `1` and `true` are yes. */
export const flag = z.preprocess(
  (value) => (typeof value === 'string' ? value === '1' || value === 'true' : value),
  z.boolean().optional(),
);
