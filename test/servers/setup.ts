/** Once per run of these tests: the engine that DOCKER_HOST names or one of their own, with the images. */
import startTestEngine from '../support/global-setup.ts';
import { ensureServerImages } from './images.ts';

export default async function setup(): Promise<() => Promise<void>> {
  const close = await startTestEngine();
  try {
    await ensureServerImages(process.env['DOCKER_HOST']!);
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}
