import type { Run } from '../../../shared/api.ts';
import type { AppSpec } from '../../providers/job-spec.ts';
import type { JobRecord, RunRecord } from '../../store/records.ts';

/**
 * Where the ports of an attempt are published while it runs: what it serves first, under its own name, the others as `PORT_n`. The token is left out where it is
 * null: whoever opens the URL is then asked for it.
 */
export function urlsOf(run: RunRecord, { job, state, progress }: JobRecord, token: string | null): Run['urls'] {
  if (state.status !== 'running') return [];
  const spec = run.spec.jobs[job];
  const all = (spec?.ports ?? []).flatMap(({ container }, i) => {
    const published = progress.ports.find((port) => port.container === container);
    if (!published) return [];
    const origin = `http://127.0.0.1:${published.host}`;
    const app = spec?.app?.port === i ? spec.app : null;
    return [
      app ? { name: app.name as string, url: appUrl(origin, app, token), first: true } : { name: `PORT_${i}`, url: origin, first: false },
    ];
  });
  return all.toSorted((a, b) => Number(b.first) - Number(a.first)).map(({ name, url }) => ({ name, url }));
}

function appUrl(origin: string, app: AppSpec, token: string | null): string {
  const query = new URLSearchParams(token === null ? app.query : { ...app.query, [app.tokenParameter]: token }).toString();
  return origin + app.path + (query === '' ? '' : `?${query}`);
}
