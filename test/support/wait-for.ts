import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks `condition` again and again until it gives something other than false, null or undefined, and returns that. After the deadline it
 * throws an error that says what it waited for, and the last exception of the condition if it threw.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  what: string,
  { seconds = 30, every = 20 }: { seconds?: number; every?: number } = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = Date.now() + seconds * 1000;
  let problem: unknown = null;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value as Exclude<T, false | null | undefined>;
      problem = null;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`, problem === null ? {} : { cause: problem });
    await pause(every);
  }
}
