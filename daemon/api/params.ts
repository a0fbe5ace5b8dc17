import { isAbsolute } from 'node:path';
import { z } from 'zod';

/** Pieces of requests that several verbs take. */
const projectDir = z.string().refine(isAbsolute, 'an absolute path');
/** of every verb that is about a project: InProject of the contract */
export const inProject = { projectDir, project: z.string().min(1).max(1000).optional() };
/** of verbs to which a client sends the project's files: SentSnapshot of the contract */
export const sentSnapshot = z
  .object({
    tree: z.string().regex(/^[0-9a-f]{40}$/),
    commit: z.string().nullable(),
    branch: z.string().nullable(),
    dirty: z.boolean(),
  })
  .optional();
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
