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
  `
  ALTER TABLE runs ADD COLUMN owner TEXT;
  ALTER TABLE runs ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE usage (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    user TEXT NOT NULL,
    project TEXT NOT NULL,
    workflow TEXT,
    run TEXT NOT NULL,
    host TEXT NOT NULL,
    gpus INTEGER NOT NULL,
    gpu_name TEXT,
    cpu REAL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    PRIMARY KEY (run_id, job, attempt)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX usage_by_time ON usage (finished_at);
  CREATE TABLE samples (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    job INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    at INTEGER NOT NULL,
    span INTEGER NOT NULL,
    cpu REAL,
    memory INTEGER,
    gpus TEXT NOT NULL,
    PRIMARY KEY (run_id, job, attempt, at)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX samples_by_span ON samples (span, at);
  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    user TEXT NOT NULL,
    action TEXT NOT NULL,
    run TEXT NOT NULL,
    owner TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE environments (key TEXT PRIMARY KEY, used_at INTEGER NOT NULL, facts TEXT) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE reruns (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    number INTEGER NOT NULL,
    tree TEXT NOT NULL,
    cause TEXT NOT NULL,
    changed TEXT NOT NULL,
    changes INTEGER NOT NULL,
    seen_at INTEGER,
    asked_at INTEGER NOT NULL,
    given_at INTEGER,
    started_at INTEGER,
    stop_asked_at INTEGER,
    ended_at INTEGER,
    how TEXT,
    exit_code INTEGER,
    fresh TEXT,
    spec TEXT,
    PRIMARY KEY (run_id, number)
  ) STRICT, WITHOUT ROWID;
  `,
  // In the very transaction in which a run ends, whichever step it is: whoever shall be told of it (`notify:`) is told, though the daemon be killed right then.
  `
  CREATE TABLE notices (run_id INTEGER PRIMARY KEY REFERENCES runs (id), ended_at INTEGER NOT NULL, told TEXT NOT NULL) STRICT;
  CREATE TRIGGER note_ended AFTER UPDATE OF status ON jobs
  WHEN NEW.status IN ('done', 'failed', 'stopped', 'aborted') AND OLD.status NOT IN ('done', 'failed', 'stopped', 'aborted')
    AND EXISTS (SELECT 1 FROM meta WHERE key = 'notify' AND value = 'on')
  BEGIN
    INSERT OR IGNORE INTO notices (run_id, ended_at, told) VALUES (NEW.run_id, json_extract(NEW.state, '$.since'), '[]');
  END;
  `,
];
