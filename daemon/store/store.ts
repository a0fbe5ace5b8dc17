import { ok, type Result } from '../../shared/result.ts';
import { auditTable } from './audit.ts';
import { openDatabase, type Db } from './database.ts';
import { environmentsTable } from './environments.ts';
import { jobsTable } from './jobs.ts';
import { metaTable } from './meta.ts';
import { noticesTable } from './notices.ts';
import { rerunsTable } from './reruns.ts';
import { runsTable } from './runs.ts';
import { samplesTable } from './samples.ts';
import { secretsTable } from './secrets.ts';
import { tagsTable } from './tags.ts';
import { createTogether } from './together.ts';
import { usageTable } from './usage.ts';

export type Store = ReturnType<typeof storeOn>;

/** Opens the store at `file`; fails as openDatabase does. */
export function openStore(file: string): Result<Store> {
  const db = openDatabase(file);
  return db.ok ? ok(storeOn(db.value)) : db;
}

function storeOn(db: Db) {
  return {
    runs: runsTable(db),
    jobs: jobsTable(db),
    reruns: rerunsTable(db),
    tags: tagsTable(db),
    secrets: secretsTable(db),
    samples: samplesTable(db),
    usage: usageTable(db),
    audit: auditTable(db),
    environments: environmentsTable(db),
    notices: noticesTable(db),
    meta: metaTable(db),
    /** everything in `action` or nothing of it; on disk when it returns */
    transaction: <T>(action: () => T): T => db.transaction(action).immediate(),
    /** the same, for many that come at once: on disk when the promise resolves */
    together: createTogether(db),
    /** gives back the memory of pages that are only remembered */
    shrink: () => void db.pragma('shrink_memory'),
    close: () => db.close(),
  };
}
