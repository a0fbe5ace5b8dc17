import type { Db } from './database.ts';

/** A run that has ended, and who was told. `endedAt`: ms since 1970; `told`: the keys of those who need not be told any more. */
export interface NoticeRecord {
  runId: number;
  endedAt: number;
  told: string[];
}

/** All SQL on the ends of runs that somebody is to be told of. A trigger (migrations.ts) adds them, in the transaction in which a job ends. */
export function noticesTable(db: Db) {
  const all = db.prepare<[], { run_id: number; ended_at: number; told: string }>('SELECT * FROM notices ORDER BY run_id');
  const setTold = db.prepare('UPDATE notices SET told = ? WHERE run_id = ?');
  const remove = db.prepare('DELETE FROM notices WHERE run_id = ?');
  const isOn = db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM meta WHERE key = 'notify' AND value = 'on'`);
  const turn = db.prepare(`INSERT INTO meta (key, value) VALUES ('notify', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
  return {
    /** whether ends are noted from now on; nothing is written where that is so already */
    note: (on: boolean): void => {
      if ((isOn.get()?.n === 1) !== on) turn.run(on ? 'on' : 'off');
    },
    /** the oldest run first */
    all: (): NoticeRecord[] =>
      all.all().map((row) => ({ runId: row.run_id, endedAt: row.ended_at, told: JSON.parse(row.told) as string[] })),
    setTold: (runId: number, told: string[]) => void setTold.run(JSON.stringify(told), runId),
    remove: (runId: number) => void remove.run(runId),
  };
}
