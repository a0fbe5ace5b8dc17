/** `dstack ps -a --json | newest-run.ts WORKFLOW`: prints the name of the newest finished run of a workflow. */
import { text } from 'node:stream/consumers';
import type { Run } from '../../shared/api.ts';

const workflow = process.argv[2];
const runs = (JSON.parse(await text(process.stdin)) as Run[]).filter((run) => run.workflow === workflow && run.status === 'done');
const newest = runs.toSorted((a, b) => b.submittedAt.localeCompare(a.submittedAt))[0];
if (!newest) throw new Error(`no finished run of the workflow ${workflow}`);
console.log(newest.name);
