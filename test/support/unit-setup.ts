/** Once per run of the tests that need no engine: a folder for temporary files, removed whatever happens. */
import { openScratch } from './scratch.ts';

export default function setup(): () => Promise<void> {
  return openScratch().close;
}
