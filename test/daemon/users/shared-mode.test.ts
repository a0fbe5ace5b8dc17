import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../../../shared/api.ts';
import { openLab, type Lab } from '../../support/lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab({ users: ['ann', 'bob'], primary: ['pri'] });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

const workflow = `workflows:
  - name: hello
    provider: bash
    commands: [cat file.txt]
`;

test('a user runs the files of a folder that only they can read', async () => {
  lab.write('ann', { '.dstack/workflows.yaml': workflow, 'file.txt': 'of ann\n' });
  const { code, stdout, stderr } = await lab.cli('ann', ['run', 'hello']);
  expect(code, stderr).toBe(0);
  expect(stdout).toBe('of ann\n');
  const [run] = await lab.json<Run[]>('ann', ['ps']);
  expect(run).toMatchObject({ user: 'ann', project: 'project', status: 'done' });
});
