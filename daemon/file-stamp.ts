import { stat } from 'node:fs/promises';

/** What changes whenever a file is written or replaced; null: there is none, or it cannot be looked at. */
export const fileStamp = (path: string): Promise<string | null> =>
  stat(path).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
    () => null,
  );
