/** Numbered for ever: a released migration is never edited, the next one is appended. `pragma user_version` is the number of those applied. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE names (pair TEXT PRIMARY KEY, used INTEGER NOT NULL) STRICT;
  CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    project_dir TEXT NOT NULL,
    workflow TEXT,
    provider TEXT NOT NULL,
    user TEXT NOT NULL,
    spec TEXT NOT NULL,
    request_id TEXT UNIQUE,
    tag TEXT,
    intent TEXT,
    submitted_at INTEGER NOT NULL,
    removed_at INTEGER
  ) STRICT;
  CREATE INDEX runs_by_project ON runs (project, removed_at, id);
  CREATE INDEX runs_by_workflow ON runs (project, workflow, id);
  CREATE TABLE jobs (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL,
    progress TEXT NOT NULL,
    open INTEGER NOT NULL,
    PRIMARY KEY (run_id, job, attempt)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX jobs_open ON jobs (open, run_id) WHERE open = 1;
  CREATE TABLE tags (
    project TEXT NOT NULL,
    tag TEXT NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (project, tag)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_by_run ON tags (run_id);
  CREATE TABLE secrets (
    project TEXT NOT NULL,
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (project, name)
  ) STRICT, WITHOUT ROWID;
  `,
];
