import { expect, test } from 'vitest';
import { startsAnew } from '../../../../daemon/control/submit/unsaved-work.ts';
import type { RunRecord } from '../../../../daemon/store/records.ts';

const run = (workflow: string | null, spec: object): RunRecord =>
  ({ name: 'calm-otter-3', workflow, provider: 'bash', spec: { jobs: [{}], ...spec } }) as unknown as RunRecord;

test('the restart of a watch says that it does not watch, and how to', () => {
  expect(startsAnew(run('train', {}))).toEqual([]);
  expect(startsAnew(run('train', { watch: { paths: [], ignore: [] } }))).toEqual([
    'calm-otter-3 watched its project; this one runs once, with the files of its last attempt. Watch again with: dstack run train --watch',
  ]);
});
