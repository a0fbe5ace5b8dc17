import { z } from 'zod';
import type { ExecRequest, ExecStart } from '../../shared/api.ts';

const size = { columns: z.int().min(1).max(10_000), rows: z.int().min(1).max(10_000) };
// no word of a command line can hold a zero byte
const word = z.string().refine((text) => !text.includes('\0'), 'holds a zero byte');

const start = z.strictObject({
  type: z.literal('start'),
  command: z.array(word).min(1).nullable(),
  terminal: z.strictObject({ ...size, term: z.string().regex(/^[\w.+-]{1,64}$/) }).nullable(),
  node: z.int().min(0).optional(),
  dir: word.min(1).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_]\w*$/), word).optional(),
}) satisfies z.ZodType<ExecStart>;

const request = z.discriminatedUnion('type', [
  start,
  z.strictObject({ type: z.literal('resize'), ...size }),
  z.strictObject({ type: z.literal('signal'), signal: z.enum(['HUP', 'INT', 'QUIT', 'TERM']) }),
  z.strictObject({ type: z.literal('end') }),
]) satisfies z.ZodType<ExecRequest>;

/** A text frame of a client's; null: it is not in the contract. */
export function parseRequest(data: Buffer): ExecRequest | null {
  try {
    return request.safeParse(JSON.parse(data.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
