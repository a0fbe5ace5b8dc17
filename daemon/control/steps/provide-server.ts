import { unwrap, type Failure, type Result } from '../../../shared/result.ts';
import { createRate, transferred } from '../../../shared/rate.ts';
import type { HostMount } from '../../../shared/workflow/model.ts';
import { serverMount } from '../../providers/code-script.ts';
import { specOf, type Attempt } from '../attempt.ts';
import type { ControlParts } from '../parts.ts';

/** A failure as one sentence, with what to do. */
export const sentenceOf = ({ message, hint }: Failure): string => (hint === undefined ? message : `${message}. ${hint}`);

/** The server that the job needs beside its image, saying how far its download is; a value of null: it needs none. Null: the wait was given up, the plan goes on. */
export async function provideServer(parts: ControlParts, attempt: Attempt, changed: () => void): Promise<Result<string | null> | null> {
  const { live, run } = attempt;
  const wanted = specOf(attempt).app?.server;
  if (!wanted || !live.image) return { ok: true, value: null };
  const interrupt = new AbortController();
  live.interrupt = interrupt;
  try {
    // asked for a moment ago, before there was something to interrupt
    if (parts.store.runs.byId(run.id)?.intent) return null;
    let said = 0;
    const rate = createRate();
    const provided = await parts.servers.provide(
      wanted,
      live.image.id,
      ({ current, total }) => {
        live.doing = `getting the VS Code server, ${transferred(current, total, rate(current, parts.now()))}`;
        if (parts.now() - said < 200) return;
        said = parts.now();
        changed();
      },
      AbortSignal.any([parts.signal, interrupt.signal]),
    );
    return interrupt.signal.aborted || parts.signal.aborted ? null : provided;
  } finally {
    live.interrupt = null;
  }
}

/** The mount of that server, which is there by now; [] where none is needed. Throws a FailureError when it has gone. */
export async function serverMountOf(parts: ControlParts, attempt: Attempt): Promise<HostMount[]> {
  const wanted = specOf(attempt).app?.server;
  if (!wanted || !attempt.live.image) return [];
  const folder = unwrap(await parts.servers.provide(wanted, attempt.live.image.id, () => undefined, parts.signal));
  return folder === null ? [] : [{ source: folder, target: serverMount, readOnly: true }];
}
