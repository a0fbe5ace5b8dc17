/** Once per test run, before the first test that needs an engine: DOCKER_HOST is given, or an engine is started; dstack-test/tiny:1 is there. */
import { startEngine } from './engine.ts';
import { openScratch } from './scratch.ts';
import { ensureTinyImage } from './tiny-image.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const scratch = openScratch();
  try {
    const given = process.env['DOCKER_HOST'];
    if (given) await ensureTinyImage(given);
    else process.env['DOCKER_HOST'] = (await startEngine()).host;
  } catch (error) {
    await scratch.close();
    throw error;
  }
  return scratch.close;
}
