import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, type Result, fail, messageOf, ok } from '../../shared/result.ts';
import { type BytePath, joinZ, splitZ, toBytes } from './bytes.ts';
import { git } from './git.ts';
import { type Room, type SnapshotOptions, shadowOf } from './room.ts';
import { run } from './run.ts';
import { type Shadow, keptTrees, shadowEnv } from './shadow.ts';

/** above this many changed files a copy by hard links saves nothing */
const smallEdit = 2000;

export const isTreeId = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

/** Names of what is being made; left ones are cleared by gc. */
export const partPrefix = '.part-';

/**
 * Puts a tree into `treesDir/<tree>`: made beside it and renamed, so that it is there whole or not at all. Everybody may write in it as far as modes go
 * (the user of an image is not known here); nobody does, because it is only ever the lower layer of an overlay. `treesDir` itself is closed to others.
 */
export async function materialize(room: Room, options: SnapshotOptions, projectDir: string, tree: string): Promise<Result<string>> {
  if (!isTreeId(tree)) return fail('git', `\`${tree}\` is not the id of a tree.`);
  const target = join(options.treesDir, tree);
  if (existsSync(target)) return ok(target);
  const part = join(options.treesDir, `${partPrefix}${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    mkdirSync(options.treesDir, { recursive: true, mode: 0o700 });
    const shadow = await shadowOf(room, projectDir);
    if (!(await fromEarlier(shadow, options.treesDir, tree, part))) await fromObjects(shadow, tree, part);
    moveInto(part, target);
    return ok(target);
  } catch (error) {
    return error instanceof FailureError ? { ok: false, failure: error.failure } : fail('git', `Cannot unpack the snapshot ${tree}: ${messageOf(error)}`);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function fromObjects(shadow: Shadow, tree: string, part: string): Promise<void> {
  makeOpen(part);
  await checkout(shadow, tree, part, (env) => ['read-tree', '--reset', '-u', tree, env][0] as string);
}
