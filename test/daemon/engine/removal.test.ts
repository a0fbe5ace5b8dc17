import type { ContainerInspectInfo } from 'dockerode';
import { expect, test } from 'vitest';
import { kindOf } from '../../../daemon/engine/errors.ts';
import { containerOf } from '../../../daemon/engine/inspect.ts';

const inspected = (status: string, startedAt: string) =>
  containerOf({
    Id: 'c',
    Name: '/n',
    Image: 'i',
    Config: { Labels: {}, Image: 'i' },
    State: { Status: status, StartedAt: startedAt, FinishedAt: startedAt, ExitCode: 0, OOMKilled: false, Error: '' },
  } as unknown as ContainerInspectInfo);
const never = '0001-01-01T00:00:00Z';

test('a container that somebody is removing before it ever ran is gone, not one that ended well', () => {
  expect(inspected('removing', never)).toBeNull();
  expect(inspected('created', never)).toMatchObject({ state: { status: 'created' } });
  expect(inspected('removing', '2026-01-01T00:00:00Z')).toMatchObject({ state: { status: 'exited', exitCode: 0 } });
});

test('what is marked for removal counts as gone', () => {
  expect(kindOf(409, 'container is marked for removal and cannot be started')).toBe('not_found');
  expect(kindOf(409, 'cannot remove a running container')).toBe('conflict');
  // its name is taken, and who had it is gone: a create is asked again
  expect(kindOf(500, 'name is not reserved')).toBe('conflict');
});
