import { fail, ok, type Result } from '../../shared/result.ts';
import type { PartId } from '../logs/logs.ts';
import type { JobRecord, RunRecord } from '../store/records.ts';
import type { ApiParts } from './handler.ts';
import { noSuchNode } from './no-such-node.ts';

/** An attempt as its user counts them, and where its output is: of a watch several attempts share the record of one container. */
export interface LogPlace {
  attempt: number;
  id: PartId;
}

type Asked = Pick<ApiParts, 'store' | 'parts'>;

const isWatch = (run: RunRecord): boolean => run.spec.watch !== undefined;

const ofNode = ({ store }: Asked, run: RunRecord, job: number): JobRecord[] => store.jobs.ofRun(run.id).filter((one) => one.job === job);

const place = (run: RunRecord, job: number, record: number, attempt: number): LogPlace => ({
  attempt,
  id: { runId: run.id, job, attempt: record, ...(isWatch(run) && { part: attempt }) },
});

/**
 * The attempt that is asked for, else the newest that has a log: one that waits for its turn has none. `mayCome`: one that somebody asked for and that has not begun
 * will do. Fails with `no_such_node` and `no_such_attempt`.
 */
export async function findPlace(
  api: Asked,
  run: RunRecord,
  node: string | null,
  asked: string | null,
  mayCome: boolean,
): Promise<Result<LogPlace>> {
  const job = Number(node ?? 0);
  const all = ofNode(api, run, job);
  const last = all.at(-1);
  if (!last) return noSuchNode(run, node ?? '');
  const begun = all.findLast(({ progress }) => progress.startIntent !== null) ?? last;
  if (!isWatch(run)) {
    if (asked === null) return ok(place(run, job, begun.attempt, begun.attempt));
    const found = all.find(({ attempt }) => String(attempt) === asked);
    return found ? ok(place(run, job, found.attempt, found.attempt)) : noSuchAttempt(run, asked, last.attempt);
  }
  if (asked === null) {
    const parts = await api.parts.logs.parts(begun);
    return ok(place(run, job, begun.attempt, parts.at(-1) ?? begun.attempt));
  }
  const number = Number(asked);
  const rerun = Number.isSafeInteger(number) ? api.store.reruns.get(run.id, number) : null;
  const container = all.findLast(({ attempt }) => attempt <= number);
  if (container && (container.attempt === number || (rerun !== null && (mayCome || rerun.givenAt !== null))))
    return ok(place(run, job, container.attempt, number));
  const had = api.store.reruns.given(run.id)?.number ?? 0;
  return noSuchAttempt(run, asked, Math.max(had, last.attempt));
}

const noSuchAttempt = (run: RunRecord, asked: string, had: number): Result<never> =>
  fail(
    'no_such_attempt',
    `The run '${run.name}' has no attempt ${asked}`,
    had === 1 ? 'It has had one attempt' : `It has had ${had} attempts`,
  );

/** The attempt after this one; null: there is none yet. */
export async function nextPlace(api: Asked, run: RunRecord, { id, attempt }: LogPlace): Promise<LogPlace | null> {
  const container = ofNode(api, run, id.job).find((one) => one.attempt > id.attempt);
  if (isWatch(run)) {
    const part = (await api.parts.logs.parts(id)).find((number) => number > attempt);
    // one that could not be begun there begins again in a container of its own
    if (part !== undefined && (!container || part < container.attempt)) return place(run, id.job, id.attempt, part);
  }
  return container ? place(run, id.job, container.attempt, container.attempt) : null;
}
