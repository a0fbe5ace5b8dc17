import { z } from 'zod';
import type { AuditEntry, Freed } from '../../shared/api.ts';
import { ok } from '../../shared/result.ts';
import { formatSize } from '../../shared/units.ts';
import type { RunRecord } from '../store/records.ts';
import type { ApiParts, JsonHandler } from './handler.ts';
import { moment } from './params.ts';

/** Who ended or removed whose run or tag, and what was freed, the newest first. Of a daemon of several users, each sees what is about them, and the administrator all of it. */
export const audit: JsonHandler<'audit'> = {
  params: z.object({ since: moment, until: moment }),
  answer: async ({ store, caller }, { since, until }) => {
    const about = caller.shared && !caller.admin ? caller.user : null;
    const shown = store.audit.between(
      since === undefined ? 0 : Date.parse(since),
      until === undefined ? Infinity : Date.parse(until),
      about,
    );
    return ok(shown.map((entry): AuditEntry => ({ ...entry, at: new Date(entry.at).toISOString() })));
  },
};

/** Writes down what the caller does to a run; before it is done, or in one transaction with it. */
export function noteDown({ store, parts, caller }: ApiParts, action: AuditEntry['action'], run: RunRecord, detail: string): void {
  store.audit.add({ at: parts.now(), user: caller.user, action, run: run.name, owner: run.user, detail });
}

/** What a gc freed, for the one who asked for it; nothing is written where nothing was. */
export function noteFreed({ store, parts }: Pick<ApiParts, 'store' | 'parts'>, user: string, freed: readonly Freed[]): void {
  const kinds = freed.filter(({ bytes, items }) => bytes > 0 || items > 0);
  if (kinds.length === 0) return;
  const detail = `freed ${kinds.map(({ kind, bytes, items }) => `${formatSize(bytes)} of ${kind} (${items})`).join(', ')}`;
  store.audit.add({ at: parts.now(), user, action: 'gc', run: '', owner: '', detail });
}
