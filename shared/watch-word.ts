import type { Failure } from './result.ts';

/**
 * What a program that watches a project in the daemon's place says to the command that started it, one a line: what keeps changes from being seen or sent (null: nothing any more), and what
 * became of a `rerun`.
 */
export type WatchWord = { problem: string | null } | { rerun: { attempt: number | null } | { failure: Failure } };
