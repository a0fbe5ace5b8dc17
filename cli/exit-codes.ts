import type { Failure } from '../shared/result.ts';

/**
 * What the exit status says.
 *
 *     0     it worked; of `run`: the run is done, or was left to itself (-d, or `d` after Ctrl+C)
 *     1     it did not, for the reason on stderr; of `run`: it failed without an exit code of its own (no image, no disk, …)
 *     2     the command line is wrong by itself; what a run is to be (workflow, arguments, settings) is judged as in the file: 1
 *     130   the attached run was stopped or aborted (by whomever); a watch that was stopped when its last attempt had come to its own end: that one's exit code
 *     125   of `exec` and `shell`: dstack itself could not (the run is not running, the daemon has gone); 126 and 127 as a shell has them
 *     129, 130, 143  without a terminal: this command got SIGHUP, SIGINT or SIGTERM; the run goes on
 *     141   whoever read our output went away
 *     other the attached run's own exit code
 */
export const exitCodes = { ok: 0, failure: 1, usage: 2, notEntered: 125, interrupted: 130, brokenPipe: 141 } as const;

/** The exit status for a failure. */
export const exitCodeOf = (failure: Failure): number => (failure.code === 'usage' ? exitCodes.usage : exitCodes.failure);
