/** The error of a write for which the disk had no room. */
export const isDiskFull = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'].includes((error as { code?: string } | null)?.code ?? '');

/** What is full, and what to do: the database's own words name no disk. */
export const diskFull = (home: string) => ({
  code: 'disk_full',
  message: `no space left on the disk of ${home}`,
  hint: 'Free some; what is there of dstack: dstack df, dstack gc',
});
