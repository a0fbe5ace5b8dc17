import { z } from 'zod';
import type { AuditEntry } from '../../shared/api.ts';
import { ok } from '../../shared/result.ts';
import type { RunRecord } from '../store/records.ts';
import type { ApiParts, JsonHandler } from './handler.ts';
import { moment } from './params.ts';

/** Who ended or removed whose run, the newest first. Of a daemon of several users, each sees what is about them, and the administrator all of it. */
export const audit: JsonHandler<'audit'> = {
  params: z.object({ since: moment }),
  answer: async ({ store, caller }, { since }) => {
    const all = store.audit.since(since === undefined ? 0 : Date.parse(since));
    const shown = all.filter(({ user, owner }) => !caller.shared || caller.admin || [user, owner].includes(caller.user));
    return ok(shown.map((entry): AuditEntry => ({ ...entry, at: new Date(entry.at).toISOString() })));
  },
};

/** Writes down what the caller does to a run; before it is done, or in one transaction with it. */
export function noteDown({ store, parts, caller }: ApiParts, action: AuditEntry['action'], run: RunRecord, detail: string): void {
  store.audit.add({ at: parts.now(), user: caller.user, action, run: run.name, owner: run.user, detail });
}
