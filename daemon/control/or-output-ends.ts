import type { Live } from './attempt.ts';

/**
 * The engine's answer, which comes late where the container is just ending: the end of its output may say enough until then (clean-end.ts). Leaves nothing behind at the
 * recording, which lives as long as the container: of a watch that is thousands of answers.
 */
export async function orOutputEnds<T>(answer: Promise<T>, { recording }: Pick<Live, 'recording'>): Promise<T | 'output ended'> {
  if (!recording || recording.endedAt !== null) return answer;
  const { promise, resolve } = Promise.withResolvers<'output ended'>();
  const ends = (): void => resolve('output ended');
  recording.over.addEventListener('abort', ends);
  // an answer that nobody waits for any more may fail
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    recording.over.removeEventListener('abort', ends);
  }
}
